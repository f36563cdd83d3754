/** A title while it is written. */

import { useEffect, useRef, useState } from "react";
import styles from "./TitleField.module.css";

interface TitleFieldProps {
  title: string;
  /** Called once: with the new title, or null if it shall stay as it is; and whether a key has ended it. */
  onDone: (title: string | null, keyed: boolean) => void;
}

/**
 * Whether a title is being written, how that begins and ends, and what has the focus again when a key has ended it.
 *
 * @param onTitle - called with a new title
 */
export function useRenaming<T extends HTMLElement>(onTitle: (title: string) => void) {
  const [renaming, setRenaming] = useState(false);
  const back = useRef<T>(null);
  const returns = useRef(false);
  useEffect(() => {
    if (renaming || !returns.current) return;
    returns.current = false;
    back.current?.focus();
  }, [renaming]);
  const onDone: TitleFieldProps["onDone"] = (title, keyed) => {
    returns.current = keyed;
    setRenaming(false);
    if (title !== null) onTitle(title);
  };
  return { renaming, rename: () => setRenaming(true), onDone, back };
}

export function TitleField({ title, onDone }: TitleFieldProps) {
  const [began] = useState(title); // somebody else may give another one meanwhile
  const [text, setText] = useState(began);
  const [done, setDone] = useState(false);
  const end = (changed: boolean, keyed: boolean) => {
    if (done) return; // Enter also takes the focus away
    setDone(true);
    onDone(changed && text.trim() !== began ? text.trim() : null, keyed);
  };
  return (
    <input
      className={styles.field}
      aria-label="Title"
      placeholder="As the first message begins"
      autoFocus
      maxLength={200}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onFocus={(event) => event.target.select()}
      onBlur={() => end(true, false)}
      onKeyDown={(event) => {
        if (event.nativeEvent.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
        event.preventDefault(); // the key would press what has the focus then
        event.stopPropagation(); // and close the drawer
        end(event.key === "Enter", true);
      }}
    />
  );
}
