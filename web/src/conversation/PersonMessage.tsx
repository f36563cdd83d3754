/** What somebody said. */

import type { Message } from "livethread";
import { memo } from "react";
import { Face } from "../look/Face";
import { useAround } from "./Around";
import { Content } from "./Content";
import { Copy } from "./Copy";
import styles from "./Message.module.css";
import { Time } from "./Time";
import { authorOf, textOf } from "./wording";

interface PersonMessageProps {
  message: Message;
  /** Whether its author has just said what stands above it: then that says whose it is. */
  continues: boolean;
}

export const PersonMessage = memo(function PersonMessage({ message, continues }: PersonMessageProps) {
  const { me, nameOf } = useAround();
  const id = `${message.metadata?.user_id ?? message.assistant_id ?? ""}`;
  const own = id === me.user_id;
  const name = message.assistant_id ? nameOf(message.assistant_id) : authorOf(message);
  return (
    <article
      className={styles.message}
      data-own={own}
      data-role={message.role}
      data-pending={message.pending}
      data-continues={continues || undefined}
      aria-label={`${own ? "You" : name}, ${message.pending ? "being sent" : new Date(message.created_at * 1000).toLocaleTimeString()}`}
    >
      <header className={styles.by}>
        {!own && !continues && <Face id={id || name} name={name} kind={message.role === "assistant" ? "assistant" : "person"} />}
        <b className={styles.name}>{own ? "You" : name}</b>
        {message.pending ? <span className={styles.time}>Sending…</span> : <Time at={message.created_at} />}
        {!message.pending && (
          <div className={styles.actions}>
            <Copy text={() => textOf(message)} what="message" />
          </div>
        )}
      </header>
      <div className={styles.body} data-message-id={message.id}>
        <Content message={message} />
      </div>
    </article>
  );
});
