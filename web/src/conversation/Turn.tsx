/** The answers of a turn, beside each other where there is room. */

import { memo } from "react";
import { AnswerView } from "./AnswerView";
import type { Answer, Entry } from "./entries";
import styles from "./Message.module.css";

export const Turn = memo(function Turn({ turn }: { turn: Entry & { kind: "turn" } }) {
  const { answers, newest } = turn;
  return (
    <div className={styles.turn} data-beside={answers.length > 1} data-three={answers.length === 3 || undefined}>
      {answers.map((answer) => (
        <AnswerView key={placeOf(answer)} answer={answer} newest={newest} />
      ))}
    </div>
  );
});

/** The same for all attempts in one place, so that the focus stays there. */
const placeOf = ({ run_id, before: [first] }: Answer): string => first?.run_id ?? run_id;
