/** What the page says of a thread around its conversation. */

import { ApiError, type Client, type Person, type Status, type ThreadState } from "livethread";
import { useCallback, useMemo, useRef, useSyncExternalStore } from "react";

export interface ThreadFacts {
  /** Whether it was ever shown. */
  known: boolean;
  deleted: boolean;
  /** As it was given, or as its first message has it, if that is here; else null. */
  title: string | null;
  people: readonly Person[];
  status: Status;
  error: Error | null;
  /** Why the server will not show it, now or later; null if it may. */
  refusal: ApiError | null;
  /** The newest answer that has ended; null if there is none among the newest messages. */
  answer: string | null;
}

/** An answer that stands behind so many messages is no news, and they are looked through for every token. */
const NEWS = 100;

const NONE: ThreadFacts = {
  known: false,
  deleted: false,
  title: null,
  people: [],
  status: "connecting",
  error: null,
  refusal: null,
  answer: null,
};

/** Those of a thread, which is followed meanwhile; a message that grows changes none of them. */
export function useThreadFacts(client: Client, thread_id: string | null): ThreadFacts {
  const thread = useMemo(() => thread_id && client.thread(thread_id), [client, thread_id]);
  const last = useRef({ state: null as ThreadState | null, facts: NONE });
  const subscribe = useCallback((listener: () => void) => (thread ? thread.subscribe(listener) : () => {}), [thread]);
  return useSyncExternalStore(subscribe, () => {
    const state = thread ? thread.getSnapshot() : null;
    const before = last.current;
    if (before.state === state) return before.facts;
    const now = state ? factsOf(state) : NONE;
    const keys = Object.keys(NONE) as (keyof ThreadFacts)[];
    const facts = keys.some((key) => before.facts[key] !== now[key]) ? now : before.facts;
    last.current = { state, facts };
    return facts;
  });
}

function factsOf({ thread, messages, has_more, people, status, error, deleted }: ThreadState): ThreadFacts {
  const first = has_more ? undefined : messages.at(-1);
  const part = first?.content.find((part) => part.type === "text");
  const line = part?.text.value.trim().split("\n", 1)[0] ?? "";
  const answer = messages.slice(0, NEWS).find((message) => message.role === "assistant" && message.status !== "in_progress");
  return {
    known: thread !== null,
    deleted,
    title: thread?.metadata.title || line.slice(0, 80) || null,
    people,
    status,
    error,
    refusal: status === "offline" && error instanceof ApiError ? error : null,
    answer: answer?.id ?? null,
  };
}
