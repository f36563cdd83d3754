/** How a run stands, in a line. */

import { CircleAlert, CircleStop, Clock, RotateCcw } from "lucide-react";
import styles from "./StandingLine.module.css";
import type { Standing } from "./wording";

const ICONS = { waiting: Clock, stopped: CircleStop, wrong: CircleAlert };

interface StandingProps {
  standing: Standing;
  /** What can be done about it. */
  action?: { name: string; act: () => void } | undefined;
}

export function StandingLine({ standing, action }: StandingProps) {
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
      {action && (
        <button type="button" className={styles.again} onClick={action.act}>
          {kind === "wrong" && <RotateCcw size={14} aria-hidden="true" />}
          {action.name}
        </button>
      )}
    </div>
  );
}
