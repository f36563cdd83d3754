/** Buttons, all of one make. */

import type { ButtonHTMLAttributes, Ref } from "react";
import styles from "./Button.module.css";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** `plain` for what is beside the point, `danger` for what cannot be undone. */
  kind?: "primary" | "plain" | "quiet" | "danger";
  ref?: Ref<HTMLButtonElement>;
}

export function Button({ kind = "plain", className = "", ...rest }: ButtonProps) {
  return <button type="button" {...rest} className={`${styles.button} ${className}`} data-kind={kind} />;
}

interface IconButtonProps extends Omit<ButtonProps, "kind" | "children"> {
  /** What it does; there is no other text on it. */
  label: string;
  children: React.ReactNode;
}

/** One that shows a picture only. */
export function IconButton({ label, className = "", ...rest }: IconButtonProps) {
  return (
    <button type="button" aria-label={label} title={label} {...rest} className={`${styles.icon} ${className}`} />
  );
}
