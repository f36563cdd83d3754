/** Something that is on or off. */

import { type ReactNode, useId } from "react";
import styles from "./Switch.module.css";

interface SwitchProps {
  label: string;
  /** What it means, for those who ask. */
  hint?: string;
  icon?: ReactNode;
  on: boolean;
  onChange: (on: boolean) => void;
}

export function Switch({ label, hint, icon, on, onChange }: SwitchProps) {
  const id = useId();
  return (
    <button
      type="button"
      role="switch"
      aria-checked={on}
      aria-labelledby={id}
      title={hint}
      className={styles.switch}
      onClick={() => onChange(!on)}
    >
      {icon}
      <span id={id} className={styles.label}>
        {label}
      </span>
      <span className={styles.track} aria-hidden="true" />
    </button>
  );
}
