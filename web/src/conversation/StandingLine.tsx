/** How a run stands, in a line. */

import { CircleAlert, CircleStop, Clock, RotateCcw } from "lucide-react";
import styles from "./StandingLine.module.css";
import type { Standing } from "./wording";

const ICONS = { waiting: Clock, stopped: CircleStop, wrong: CircleAlert };

export function StandingLine({ standing, onAgain }: { standing: Standing; onAgain?: (() => void) | undefined }) {
  const { kind, text, reason } = standing;
  const Icon = kind === "busy" ? null : ICONS[kind];
  return (
    <div className={styles.standing} data-kind={kind}>
      {Icon ? (
        <Icon size={16} aria-hidden="true" />
      ) : (
        <span className={styles.dots} aria-hidden="true">
          <i />
          <i />
          <i />
        </span>
      )}
      <span className={styles.text}>
        {text}
        {reason && <span className={styles.reason}>{reason}</span>}
      </span>
      {onAgain && (
        <button type="button" className={styles.again} onClick={onAgain}>
          <RotateCcw size={14} aria-hidden="true" />
          Try again
        </button>
      )}
    </div>
  );
}
