"use client";
// The same conversation, with the functions given to the client of Livethread, which comes from its server. Everybody who
// has the page open sees every message as it grows, and exactly one of them answers the calls.
import type { Message } from "openai/resources/beta/threads/messages";
import type { Run } from "openai/resources/beta/threads/runs/runs";
import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { tools } from "../../lib/functions.ts";
import { isOver, isWrittenAgain, saidBy, why } from "../../lib/told.ts";
import { Conversation } from "../Conversation.tsx";
import { newKey } from "../newKey.ts";

/** What is used of the client. Its npm package brings all types, and `useThread`, which is most of what stands below. */
interface Client {
  createThread(): Promise<{ id: string }>;
  addMessageAndRun(threadId: string, message: string, assistantId: string, set?: undefined, key?: string): Promise<Run>;
  stop(threadId: string): Promise<Run[]>;
  thread(threadId: string): { subscribe(listener: () => void): () => void; getSnapshot(): State };
}
interface State {
  messages: Message[];
  runs: Run[];
  error: (Error & { status?: number }) | null;
  deleted: boolean;
}
const EMPTY: State = { messages: [], runs: [], error: null, deleted: false };
const NOTHING = { subscribe: () => () => {}, getSnapshot: () => EMPTY };

let only: Promise<Client> | undefined;
const loaded = (url: string) =>
  (only ??= import(/* webpackIgnore: true */ /* turbopackIgnore: true */ `${url}/client.js`).then(
    ({ createClient }) => createClient({ url, tools }),
  ));

const GONE =
  "This conversation is not on the server: it was deleted, or belongs to another one. Write a message to begin a new one.";

const reload = () => location.reload();

export function Chat({ url, assistantId }: { url: string; assistantId: string }) {
  const [client, setClient] = useState<Client | null>(null);
  const [threadId, setThreadId] = useState<string | null>(null);
  const [sending, setSending] = useState(false);
  const [failure, setFailure] = useState<{ message: string; again: () => void } | null>(null);

  useEffect(() => {
    setThreadId(new URLSearchParams(location.search).get("thread"));
    const lost = () => setFailure({ message: `The Livethread server at ${url} does not answer.`, again: reload });
    loaded(url).then(setClient, lost);
  }, [url]);

  const thread = useMemo(() => (client && threadId ? client.thread(threadId) : NOTHING), [client, threadId]);
  const { messages, runs, error, deleted } = useSyncExternalStore(thread.subscribe, thread.getSnapshot, () => EMPTY);
  const isGone = deleted || error?.status === 404;

  async function send(text: string, key = newKey()) {
    setFailure(null);
    setSending(true);
    try {
      const client = await loaded(url);
      const id = threadId && !isGone ? threadId : (await client.createThread()).id;
      history.replaceState(null, "", `?thread=${id}`);
      setThreadId(id);
      await client.addMessageAndRun(id, text, assistantId, undefined, key);
    } catch (error) {
      setFailure({ message: (error as Error).message, again: () => send(text, key) });
    } finally {
      setSending(false);
    }
  }

  const message = isGone ? GONE : (error?.message ?? (runs[0] && why(runs[0])));
  return (
    <Conversation
      lines={messages.filter((message) => !isWrittenAgain(message, messages)).map(saidBy).reverse()}
      busy={sending || runs.some((run) => !isOver(run))}
      problem={failure ?? (message ? { message } : null)}
      onSend={(text) => send(text)}
      onStop={() => void client!.stop(threadId!).catch(() => {})} // the state has the error
    >
      <p>
        The functions of this page are called in it. <a href="/">With the loop in the server</a>
      </p>
    </Conversation>
  );
}
