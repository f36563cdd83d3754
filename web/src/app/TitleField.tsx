/** A title while it is written. */

import { useState } from "react";
import styles from "./TitleField.module.css";

interface TitleFieldProps {
  title: string;
  /** Called once: with the new title, or null if it shall stay as it is. */
  onDone: (title: string | null) => void;
}

export function TitleField({ title, onDone }: TitleFieldProps) {
  const [text, setText] = useState(title);
  const [done, setDone] = useState(false);
  const end = (changed: boolean) => {
    if (done) return; // Enter also takes the focus away
    setDone(true);
    onDone(changed && text.trim() !== title ? text.trim() : null);
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
      onBlur={() => end(true)}
      onKeyDown={(event) => {
        if (event.nativeEvent.isComposing) return;
        if (event.key === "Enter") end(true);
        if (event.key !== "Escape") return;
        event.stopPropagation(); // the drawer stays open
        end(false);
      }}
    />
  );
}
