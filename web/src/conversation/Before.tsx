/** What an assistant has tried before in the same place, folded. */

import type { Message } from "livethread";
import { Content } from "./Content";
import type { Answer } from "./entries";
import styles from "./Message.module.css";
import { isWrong } from "./runs";
import { standingOf } from "./wording";

interface BeforeProps {
  /** Oldest first. */
  answers: readonly Answer[];
  /** Whether what stands in their place now has come to an end that nobody wanted, too. */
  failed: boolean;
}

export function Before({ answers, failed }: BeforeProps) {
  const tried = answers.filter(({ run, parts }) => isWrong(run!) || parts.length > 0);
  const deleted = failed ? answers.flatMap(({ deleted }) => deleted) : [];
  return (
    <>
      {tried.length > 0 && (
        <details className={styles.folded}>
          <summary>
            {tried.every(({ run }) => isWrong(run!)) ? "Failed" : "Tried"} {times(tried.length)} before
          </summary>
          {tried.map((answer) => (
            <Attempt key={answer.run_id} answer={answer} />
          ))}
        </details>
      )}
      {deleted.length > 0 && <Deleted messages={deleted} />}
    </>
  );
}

function Attempt({ answer: { run, parts } }: { answer: Answer }) {
  const standing = standingOf(run!, false);
  return (
    <div className={styles.old}>
      {parts.map((part) =>
        part.kind === "calls" ? null : (
          <div key={part.message.id} className={styles.content} data-message-id={part.message.id}>
            <Content message={part.message} />
          </div>
        ),
      )}
      {standing && <p>{[standing.text, standing.reason].filter(Boolean).join(": ")}</p>}
    </div>
  );
}

/** What this page has deleted, for as long as nothing is there instead. */
export function Deleted({ messages }: { messages: readonly Message[] }) {
  return (
    <details className={styles.folded}>
      <summary>The answer that was deleted</summary>
      {messages.map((message) => (
        <div key={message.id} className={styles.old}>
          <Content message={message} />
        </div>
      ))}
    </details>
  );
}

const times = (count: number): string => (count === 1 ? "once" : count === 2 ? "twice" : `${count} times`);
