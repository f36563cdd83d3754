/** A field of one line, with what it is for, and what is wrong with what stands in it. */

import { type InputHTMLAttributes, useId } from "react";
import styles from "./Field.module.css";

interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string;
  /** What is wrong, or what to bear in mind; its line is always there, so that nothing jumps. */
  note?: string | null;
  wrong?: boolean;
}

export function Field({ label, note, wrong = false, ...rest }: FieldProps) {
  const id = useId();
  return (
    <div className={styles.field}>
      <label htmlFor={id} className={styles.label}>
        {label}
      </label>
      <input
        {...rest}
        id={id}
        className={styles.input}
        aria-invalid={wrong || undefined}
        aria-describedby={`${id}-note`}
      />
      <p id={`${id}-note`} className={styles.note} data-wrong={wrong} aria-live="polite">
        {note}
      </p>
    </div>
  );
}
