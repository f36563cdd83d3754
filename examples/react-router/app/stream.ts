/**
 * What happens in a thread, over one `EventSource` however often it is followed. It brings all messages and all runs,
 * whoever causes them, goes on where it was when it has been cut, and only reads.
 */
import type { Message } from "openai/resources/beta/threads/messages";
import type { Run } from "openai/resources/beta/threads/runs/runs";

export type { Message, Run };

export interface ThreadState {
  /** Newest first. */
  messages: Message[];
  /** Those of them that have any text. */
  shown: Message[];
  /** Newest first. */
  runs: Run[];
  /** What is wrong with the connection, as a sentence. */
  error: string | null;
  /** Whether it is over for good: there is no such thread. */
  gone: boolean;
}

type Listener = (state: ThreadState) => void;

interface Stream {
  state: ThreadState;
  listeners: Set<Listener>;
  close: () => void;
}

const streams = new Map<string, Stream>();

/** Be told a thread's state now and whenever it changes, until what is returned is called. */
export function follow(thread_id: string, listener: Listener): () => void {
  const stream = streams.get(thread_id) ?? open(thread_id);
  streams.set(thread_id, stream);
  stream.listeners.add(listener);
  listener(stream.state);
  return () => {
    if (!stream.listeners.delete(listener) || stream.listeners.size) return;
    streams.delete(thread_id);
    stream.close();
  };
}

/** Milliseconds after which a quiet stream is replaced: an `EventSource` cannot tell it from a dead one. */
const SILENCE = 30_000;
/** Milliseconds until the next attempt after one that was refused. */
const PAUSE = 3_000;

function open(thread_id: string): Stream {
  const left = new AbortController();
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout>;
  let cursor = "";

  const stream: Stream = {
    state: { messages: [], shown: [], runs: [], error: null, gone: false },
    listeners: new Set(),
    close() {
      left.abort();
      clearTimeout(timer);
      source?.close();
    },
  };

  function tell(news: Partial<ThreadState>) {
    stream.state = { ...stream.state, ...news };
    for (const listener of [...stream.listeners]) listener(stream.state);
  }

  function end(error: string) {
    stream.close();
    tell({ error, gone: true });
  }

  function connectIn(pause: number) {
    clearTimeout(timer);
    timer = setTimeout(connect, pause);
  }

  function connect() {
    source?.close();
    source = new EventSource(`/api/load-thread?${new URLSearchParams({ thread_id, ...(cursor && { cursor }) })}`);
    for (const type of TYPES) source.addEventListener(type, hear);
    source.addEventListener("refused", ({ data }) => end(JSON.parse(data).message));
    source.onopen = () => tell({ error: null });
    source.onerror = lost;
    connectIn(SILENCE);
  }

  function hear({ type, data, lastEventId }: MessageEvent<string>) {
    cursor = lastEventId || cursor;
    connectIn(SILENCE);
    tell(fold(stream.state, type, JSON.parse(data)));
    if (type === "thread.deleted") end("This thread was deleted.");
  }

  function lost(this: EventSource, event: Event) {
    // One that has data is an `error` that Livethread tells of.
    if (event instanceof MessageEvent) return tell({ error: JSON.parse(event.data).message });
    // After a cut the source comes back by itself, with the id of its last event; after an answer like 503 it does not.
    if (this.readyState === EventSource.CLOSED) connectIn(PAUSE);
    tell({ error: "There is no connection. Trying again …" });
  }

  // Whoever has slept, or was without a network, asks at once.
  addEventListener("online", connect, { signal: left.signal });
  addEventListener("visibilitychange", () => document.hidden || connect(), { signal: left.signal });
  connect();
  return stream;
}

const named = (noun: string, verbs: string) => verbs.split(" ").map((verb) => `${noun}.${verb}`);

/** An `EventSource` hears only of the events that it names. */
export const TYPES = [
  ...named("thread", "created snapshot deleted"),
  ...named("thread.message", "created in_progress delta completed incomplete updated deleted"),
  ...named("thread.run", "created queued in_progress requires_action cancelling cancelled failed completed"),
  ...named("thread.run", "incomplete expired updated"),
];

/** The state behind an event. What has not changed stays the same object, so a memoized line is not rendered again. */
export function fold(state: ThreadState, type: string, data: any): ThreadState {
  const [, noun, verb = ""] = /^thread\.(message|run)\.(\w+)$/.exec(type) ?? [];
  if (noun === "run") return { ...state, runs: folded(state.runs, verb, data) };
  let { messages, runs } = state;
  if (noun === "message") messages = folded(messages, verb, data);
  if (type === "thread.snapshot") ({ messages, runs } = data);
  if (type === "thread.created" || type === "thread.deleted") messages = runs = [];
  return { ...state, messages, runs, shown: messages.filter(({ content }) => content.length) };
}

function folded<T extends Message | Run>(list: T[], verb: string, data: any): T[] {
  if (verb === "deleted") return list.filter(({ id }) => id !== data.id);
  if (verb === "created" && !list.some(({ id }) => id === data.id)) return [data, ...list];
  const changed = (known: any): T => {
    if (verb === "created" || !("content" in known)) return data;
    const grows = known.status === "in_progress";
    if (verb === "delta") return grows ? { ...known, content: grown(known.content, data.delta) } : known;
    // The text of a message stands in its row only once it has ended.
    return data.status === "in_progress" ? { ...data, content: known.content } : data;
  };
  return list.map((known) => (known.id === data.id ? changed(known) : known));
}

/** The parts of a message with what a delta adds to them, each at its index. */
function grown(content: any[], delta: any): any[] {
  const parts = content.slice();
  for (const { index, ...item } of delta.content ?? []) {
    const part = parts[index];
    if (item.type === "text") {
      const { value = "", annotations = [] } = part?.text ?? {};
      const more = (item.text.annotations ?? []).map(({ index: _, ...annotation }: any) => annotation);
      const text = { value: value + (item.text.value ?? ""), annotations: [...annotations, ...more] };
      parts[index] = { type: "text", text };
    } else if (item.type === "refusal") {
      parts[index] = { type: "refusal", refusal: (part?.refusal ?? "") + item.refusal };
    } else {
      parts[index] = item;
    }
  }
  return parts;
}
