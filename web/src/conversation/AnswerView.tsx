/** What one run has done: its messages and calls in their order, and how it stands. */

import type { Message } from "livethread";
import { RotateCcw } from "lucide-react";
import { memo, useState } from "react";
import { Face } from "../look/Face";
import { useAround } from "./Around";
import { Calls } from "./Calls";
import { Content } from "./Content";
import { Copy } from "./Copy";
import { type Answer, isActive } from "./entries";
import styles from "./Message.module.css";
import { StandingLine } from "./StandingLine";
import { Time } from "./Time";
import { standingOf, textOf } from "./wording";

interface AnswerProps {
  answer: Answer;
  /** Whether nothing stands below it. */
  newest: boolean;
}

export const AnswerView = memo(function AnswerView({ answer, newest }: AnswerProps) {
  const { streaming, nameOf, retry, answerAgain } = useAround();
  const [asked, setAsked] = useState(false);
  const { run, parts, assistant_id } = answer;
  const name = nameOf(assistant_id);
  const messages = parts.flatMap((part) => (part.kind === "message" ? [part.message] : []));
  const writes = messages.some(({ status }) => status === "in_progress");
  const active = !!run && isActive(run);
  const standing = run && standingOf(run, writes);
  const hidden = writes && !streaming;
  const text = () => messages.map(textOf).filter(Boolean).join("\n\n");
  const at = messages[0]?.created_at ?? Number(run?.created_at ?? Number.NaN);
  return (
    <article className={styles.message} data-role="assistant" data-newest={newest} aria-label={`${name}, answer`} aria-busy={active || undefined}>
      <Face id={assistant_id ?? name} name={name} kind="assistant" />
      <header className={styles.by}>
        <b className={styles.name}>{name}</b>
        <Time at={at} />
      </header>
      <div className={styles.body}>
        {parts.map((part) => {
          if (part.kind === "calls") return <Calls key={part.step.id} step={part.step} run={run} />;
          const { message } = part;
          if (part.kind === "superseded") return <Superseded key={message.id} message={message} />;
          if (message.status === "in_progress" && !streaming) return null;
          return (
            <div key={message.id} className={styles.content} data-message-id={message.id}>
              <Content message={message} />
            </div>
          );
        })}
        {hidden && <StandingLine standing={{ kind: "busy", text: `${name} is writing…` }} />}
        {!hidden && standing && (
          <StandingLine standing={standing} onAgain={standing.again && newest ? () => retry(answer) : undefined} />
        )}
      </div>
      {!active && messages.length > 0 && (
        <div className={styles.actions}>
          <Copy text={text} what="answer" />
          {newest && run && !standing?.again && (
            <button
              type="button"
              className={styles.action}
              title={`Deletes this answer for everybody and has ${name} answer again`}
              disabled={asked}
              onClick={() => {
                setAsked(true);
                void answerAgain(answer).finally(() => setAsked(false));
              }}
            >
              <RotateCcw size={14} aria-hidden="true" />
              <span>Answer again</span>
            </button>
          )}
        </div>
      )}
    </article>
  );
});

/** What was written before a restart, for those who want to see it. */
function Superseded({ message }: { message: Message }) {
  return (
    <details className={styles.folded}>
      <summary>Written again after a restart of the server</summary>
      <div className={styles.old} data-message-id={message.id}>
        <Content message={message} />
      </div>
    </details>
  );
}
