/** Where a new thread begins. */

import { type Client, type Message, Unreachable } from "livethread";
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { begin, pendingOf } from "../conversation/begun";
import { Composer } from "../conversation/composer/Composer";
import { deskOf } from "../conversation/composer/desk";
import { chosenIn, NEW } from "../conversation/composer/kept";
import { First } from "../conversation/Loading";
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
  /** What is on its way. */
  const [first, setFirst] = useState<Message | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const guide = assistants?.find(({ model }) => model === "builtin/guide");
  const online = useSyncExternalStore(subscribeOnline, () => navigator.onLine !== false);
  const here = useHere();

  const send = useCallback(
    async (text: string, ids: string[], key: string) => {
      const message = pendingOf(text, me);
      setFirst(message);
      setProblem(null);
      try {
        const id = await start(text, ids, key);
        begin(id, message);
        chosenIn(id).set(ids);
        return id;
      } catch (error) {
        setFirst(null);
        throw error;
      }
    },
    [start, me],
  );
  /** Goes to the thread that has begun, unless the reader has gone elsewhere, and takes along what they write. */
  const follow = useCallback(
    (id: unknown, rest: string) => {
      if (!here.current) return;
      if (rest) {
        deskOf(`${id}`).write(rest);
        deskOf(NEW).write("");
      }
      go(`${id}`);
    },
    [here],
  );
  const ask = (question: string) =>
    void send(question, [guide!.id], newKey()).then(
      (id) => follow(id, ""),
      (error: Error) => setProblem(error instanceof Unreachable ? "The server does not answer. Try it again in a moment." : error.message),
    );

  return (
    <div className={styles.begin} data-starting={first !== null}>
      <div className={styles.middle}>
        {first ? (
          <div className={styles.first}>
            <First message={first} me={me} />
          </div>
        ) : (
          <h2 className={styles.greeting}>What is on your mind, {me.name}?</h2>
        )}
        <p className={styles.state} role="status" aria-label="New thread">
          {first && "The thread begins…"}
        </p>
        <div className={styles.composer}>
          <Composer of={NEW} assistants={assistants} send={send} onSent={follow} live={online} about={!first} />
        </div>
        {guide && !first && (
          <div className={styles.questions} role="group" aria-label="Questions for a start">
            {QUESTIONS.map((question) => (
              <Button key={question} className={styles.question!} onClick={() => ask(question)}>
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

/** Whether this still is what the reader looks at. */
function useHere() {
  const here = useRef(true);
  useEffect(() => {
    here.current = true;
    return () => {
      here.current = false;
    };
  }, []);
  return here;
}

function subscribeOnline(listener: () => void): () => void {
  const signs = ["online", "offline"];
  for (const sign of signs) window.addEventListener(sign, listener);
  return () => {
    for (const sign of signs) window.removeEventListener(sign, listener);
  };
}
