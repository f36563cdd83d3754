/** Has an answer written again, once the reader has said that the one that is there may go. */

import { RotateCcw } from "lucide-react";
import { useRef, useState } from "react";
import { flushSync } from "react-dom";
import styles from "./Message.module.css";

export function Again({ name, onAgain }: { name: string; onAgain: () => void }) {
  const [asks, setAsks] = useState(false);
  const first = useRef<HTMLButtonElement>(null);
  const keep = () => {
    flushSync(() => setAsks(false));
    first.current?.focus();
  };
  if (!asks) {
    return (
      <button
        ref={first}
        type="button"
        className={styles.action}
        title={`Deletes this answer for everybody and has ${name} answer again`}
        onClick={() => setAsks(true)}
      >
        <RotateCcw size={14} aria-hidden="true" />
        <span>Answer again</span>
      </button>
    );
  }
  return (
    <div
      className={styles.asks}
      role="group"
      aria-label="Answer again"
      onKeyDown={(event) => {
        if (event.key === "Escape") keep();
      }}
    >
      <span>This answer is deleted for everybody first.</span>
      <button
        type="button"
        autoFocus
        className={styles.action}
        data-danger
        onClick={({ detail: clicks }) => clicks < 2 && onAgain()} // the second of a double click was not meant for it
      >
        Delete and answer again
      </button>
      <button type="button" className={styles.action} onClick={keep}>
        Keep it
      </button>
    </div>
  );
}
