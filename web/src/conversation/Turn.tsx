/** The answers of a turn, beside each other where there is room. */

import { memo } from "react";
import { AnswerView } from "./AnswerView";
import type { Entry } from "./entries";
import styles from "./Message.module.css";

export const Turn = memo(function Turn({ turn }: { turn: Entry & { kind: "turn" } }) {
  return (
    <div className={styles.turn} data-beside={turn.answers.length > 1}>
      {turn.answers.map((answer) => (
        <AnswerView key={answer.run_id} answer={answer} newest={turn.newest} />
      ))}
    </div>
  );
});
