/** Why a message was not sent, and what can be done about it. */

import type { Unsent } from "./desk";
import styles from "./NotSent.module.css";
import { reasonOf } from "./wording";

interface NotSentProps {
  unsent: Unsent;
  /** What keeps the thread from taking it, as a sentence; null if nothing does. */
  hindered: string | null;
  /** Whether it goes by itself once somebody answers. */
  waits: boolean;
  onStop: () => void;
  onAgain: () => void;
  onDismiss: () => void;
}

export function NotSent({ unsent, hindered, waits, onStop, onAgain, onDismiss }: NotSentProps) {
  const { why } = unsent;
  return (
    <div className={styles.note} role="alert" data-waits={waits}>
      <span className={styles.text}>
        <b>{waits ? "Not sent yet." : "Not sent."}</b> {hindered ?? (why === "away" ? away(waits) : reasonOf(unsent))}
      </span>
      {hindered && <Act name="Stop it" act={onStop} />}
      {!hindered && why !== "long" && <Act name="Try again" act={onAgain} />}
      {!waits && <Act name="Dismiss" act={onDismiss} />}
    </div>
  );
}

const Act = ({ name, act }: { name: string; act: () => void }) => (
  <button type="button" className={styles.act} onClick={act}>
    {name}
  </button>
);

function away(waits: boolean): string {
  const offline = navigator.onLine === false;
  if (!waits) return offline ? "You are offline." : "The server does not answer.";
  return `It goes by itself as soon as ${offline ? "you are back online" : "the server answers"}.`;
}
