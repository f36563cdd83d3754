/** Says who has to answer a call that waits, and lets the reader do it. */

import { type FormEvent, useId, useLayoutEffect, useRef, useState } from "react";
import { Button } from "../look/Button";
import styles from "./Calls.module.css";
import { focusOn } from "./focusOn";

interface GiveOutputProps {
  /** Of the function. */
  name: string;
  output: string;
  /** Whether other calls of the run have no output yet: all of them are given at once. */
  others: boolean;
  onWrite: (output: string) => void;
  /** Resolves once it is given, or said to have failed. */
  onGive: () => Promise<void>;
}

export function GiveOutput({ name, output, others, onWrite, onGive }: GiveOutputProps) {
  const [given, setGiven] = useState(false);
  const id = useId();
  const form = useRef<HTMLFormElement>(null);
  useLayoutEffect(() => {
    const own = form.current!;
    const call = own.closest("details")!;
    return () => {
      if (own.contains(document.activeElement)) call.querySelector("summary")!.focus({ preventScroll: true }); // it may go by itself
    };
  }, []);
  const give = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    focusOn(event.currentTarget.closest("article")!); // the field goes, and the keyboard needs a place
    setGiven(true);
    void onGive().finally(() => setGiven(false));
  };
  return (
    <form ref={form} className={styles.give} onSubmit={give}>
      <p>
        An app that offers <code>{name}</code> has to answer this.{" "}
        <label htmlFor={id}>Or write its output yourself:</label>
      </p>
      <textarea id={id} className={styles.output} rows={2} required value={output} onChange={(event) => onWrite(event.target.value)} />
      <div className={styles.last}>
        <Button type="submit" disabled={given || others || !output.trim()}>
          Give back
        </Button>
        {others && <span>Every call that waits needs an output.</span>}
      </div>
    </form>
  );
}
