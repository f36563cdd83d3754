/** What one run has done: its messages and calls in their order, and how it stands. */

import type { Message } from "livethread";
import { memo, useRef } from "react";
import { Face } from "../look/Face";
import { Again } from "./Again";
import { useAround } from "./Around";
import { Before, Deleted } from "./Before";
import { Calls } from "./Calls";
import { Content } from "./Content";
import { Copy } from "./Copy";
import type { Answer } from "./entries";
import { focusOn } from "./focusOn";
import styles from "./Message.module.css";
import { isActive } from "./runs";
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
  const article = useRef<HTMLElement>(null);
  const { run, parts, assistant_id, latest, deleted } = answer;
  const name = nameOf(assistant_id);
  const messages = parts.flatMap((part) => (part.kind === "message" ? [part.message] : []));
  const writes = messages.some(({ status }) => status === "in_progress");
  const active = !!run && isActive(run);
  const standing = run && standingOf(run, writes);
  const hidden = writes && !streaming;
  const text = () => messages.map(textOf).filter(Boolean).join("\n\n");
  const at = messages[0]?.created_at ?? Number(run?.created_at ?? Number.NaN);

  /** What is pressed goes, and the keyboard needs a place. */
  const pressed = (act: () => unknown) => () => {
    focusOn(article.current!);
    act();
  };
  const action = () => {
    const again = standing?.again || (run?.status === "cancelled" && !messages.length);
    if (again && latest) return { name: "Try again", act: pressed(() => retry(answer)) };
    if (run?.status === "requires_action") return { name: "Give the output", act: () => openCall(article.current!) };
    return undefined;
  };
  return (
    <article
      ref={article}
      className={styles.message}
      data-role="assistant"
      data-newest={newest}
      aria-label={`${name}, answer`}
      aria-busy={active || undefined}
    >
      <header className={styles.by}>
        <Face id={assistant_id ?? name} name={name} kind="assistant" />
        <b className={styles.name}>{name}</b>
        <Time at={at} />
      </header>
      <div className={styles.body}>
        {answer.before.length > 0 && <Before answers={answer.before} failed={!active && run?.status !== "completed"} />}
        {!messages.length && deleted.length > 0 && <Deleted messages={deleted} />}
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
        {!hidden && standing && <StandingLine standing={standing} action={action()} />}
      </div>
      {!active && messages.length > 0 && (
        <div className={styles.actions}>
          <Copy text={text} what="answer" />
          {newest && run && !standing?.again && <Again name={name} onAgain={pressed(() => void answerAgain(answer))} />}
        </div>
      )}
    </article>
  );
});

/** Open the first call that waits, where its output can be given. */
function openCall(article: HTMLElement): void {
  const field = article.querySelector<HTMLElement>("details textarea");
  const call = field?.closest("details");
  if (!call) return;
  call.open = true;
  field!.focus();
}

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
