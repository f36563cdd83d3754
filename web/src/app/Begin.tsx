/** Where a new thread begins. */

import type { Client } from "livethread";
import { useCallback, useMemo, useState } from "react";
import { Composer } from "../conversation/composer/Composer";
import { Button } from "../look/Button";
import { go } from "./address";
import styles from "./Begin.module.css";
import { newKey } from "./newKey";
import type { Me } from "./person";
import { starter } from "./start";
import type { Assistant } from "./useAssistants";

/** Something that the built-in guide has an answer to. */
const QUESTIONS = ["What is Livethread?", "How do I use the Python SDK?", "How do I connect a real model?"];

interface BeginProps {
  client: Client;
  me: Me;
  /** Null until they are known. */
  assistants: readonly Assistant[] | null;
}

export function Begin({ client, me, assistants }: BeginProps) {
  const start = useMemo(() => starter(client, me), [client, me]);
  const [starting, setStarting] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const guide = assistants?.find(({ model }) => model === "builtin/guide");

  const send = useCallback(
    async (text: string, ids: string[], key: string) => {
      setStarting(true);
      setProblem(null);
      try {
        go(await start(text, ids, key));
      } finally {
        setStarting(false);
      }
    },
    [start],
  );
  const ask = (question: string) =>
    void send(question, [guide!.id], newKey()).catch((error: Error) => setProblem(error.message));

  return (
    <div className={styles.begin}>
      <div className={styles.middle}>
        <h2 className={styles.greeting}>What is on your mind, {me.name}?</h2>
        <p className={styles.state} role="status" aria-label="New thread">
          {starting && "The thread begins…"}
        </p>
        <div className={styles.composer}>
          <Composer of="new" assistants={assistants} send={send} />
        </div>
        {guide && (
          <div className={styles.questions} role="group" aria-label="Questions for a start">
            {QUESTIONS.map((question) => (
              <Button key={question} className={styles.question!} disabled={starting} onClick={() => ask(question)}>
                {question}
              </Button>
            ))}
          </div>
        )}
        {problem && (
          <p className={styles.problem} role="alert">
            {problem}
          </p>
        )}
      </div>
    </div>
  );
}
