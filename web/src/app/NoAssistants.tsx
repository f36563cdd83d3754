/** Says that nobody but people answers here, and how that changes. */

import type { Client } from "livethread";
import { useState } from "react";
import { Button } from "../look/Button";
import styles from "./NoAssistants.module.css";

/** As a new server has it. */
const GUIDE = {
  name: "Guide",
  description: "Answers questions about Livethread from its documentation. Not a language model.",
  model: "builtin/guide",
  metadata: { built_in: "demo, not a language model" },
};

export function NoAssistants({ client, onMade }: { client: Client; onMade: () => Promise<void> }) {
  const [making, setMaking] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const make = async () => {
    setMaking(true);
    try {
      await client.http.call("POST", "/assistants", GUIDE);
      await onMade();
    } catch (error) {
      setProblem((error as Error).message);
      setMaking(false);
    }
  };
  return (
    <section className={styles.banner} aria-label="No assistants">
      <p className={styles.text}>
        {problem ?? (
          <>
            <strong>There are no assistants yet,</strong> so only people answer. Make one with <code>POST /v1/assistants</code>{" "}
            (<a href="docs" target="_blank" rel="noreferrer">API docs</a>), or begin with the built-in guide.
          </>
        )}
      </p>
      <Button disabled={making} onClick={make}>
        {problem ? "Try again" : "Make the guide"}
      </Button>
    </section>
  );
}

/** Says that it could not be read who may be asked. */
export const UnknownAssistants = ({ error, onRetry }: { error: Error; onRetry: () => Promise<void> }) => (
  <section className={styles.banner} aria-label="Unknown assistants">
    <p className={styles.text}>The assistants could not be read, so nothing can be sent yet: {error.message}</p>
    <Button onClick={() => void onRetry()}>Try again</Button>
  </section>
);
