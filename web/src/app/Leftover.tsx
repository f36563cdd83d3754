/** What the reader has written where it cannot be sent any more. */

import { useId } from "react";
import { Copy } from "../conversation/Copy";
import { Button } from "../look/Button";
import styles from "./Leftover.module.css";

/** To find out which way a longer one goes takes a browser seconds. */
const LONG = 10_000;

export function Leftover({ text, onTake }: { text: string; onTake: () => void }) {
  const id = useId();
  return (
    <div className={styles.leftover}>
      <p id={id} className={styles.label}>
        Your text that was not sent:
      </p>
      <pre className={styles.text} role="group" aria-labelledby={id} tabIndex={0} dir={text.length > LONG ? undefined : "auto"}>
        {text}
      </pre>
      <div className={styles.ways}>
        <Copy text={text} what="message" />
        <Button onClick={onTake}>Take it to a new thread</Button>
      </div>
    </div>
  );
}
