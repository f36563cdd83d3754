/** Something that has to be settled before the page goes on, or that lies over it. */

import { X } from "lucide-react";
import { type ReactNode, useId, useLayoutEffect, useRef } from "react";
import { IconButton } from "./Button";
import styles from "./Dialog.module.css";
import { Mark } from "./Mark";

interface DialogProps {
  title: string;
  /** Called when the reader wants it gone; without it there is no way around what it asks. */
  onClose?: () => void;
  wide?: boolean;
  /** There is nothing behind it: it is the page. */
  alone?: boolean;
  children: ReactNode;
}

export function Dialog({ title, onClose, wide = false, alone = false, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  // Before it is painted, and before it is taken away: so the focus goes back to where it was.
  useLayoutEffect(() => {
    const shown = dialog.current!;
    if (!shown.open) shown.showModal();
    shown.querySelector("input")?.focus(); // what is asked for, before the ways around it
    return () => shown.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      className={styles.dialog}
      data-wide={wide}
      data-alone={alone}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault(); // whether it is open is for our caller to say
        onClose?.();
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") event.stopPropagation(); // it closes this, and nothing that lies below
      }}
      onPointerDown={(event) => {
        if (event.target === dialog.current) onClose?.(); // beside it
      }}
    >
      <div className={styles.sheet}>
        {alone && <Mark size={44} />}
        <header className={styles.header}>
          <h2 id={heading} className={styles.title}>
            {title}
          </h2>
          {onClose && (
            <IconButton label="Close" onClick={onClose}>
              <X size={18} />
            </IconButton>
          )}
        </header>
        {children}
      </div>
    </dialog>
  );
}

/** A sentence on what it is about. */
export const DialogText = ({ children }: { children: ReactNode }) => <p className={styles.text}>{children}</p>;

/** The buttons below. */
export const DialogActions = ({ children }: { children: ReactNode }) => <div className={styles.actions}>{children}</div>;
