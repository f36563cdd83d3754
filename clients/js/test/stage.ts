/** What the tests of calls have in common: clients in haste, and variables that remember. */

import { type Client, type ClientOptions, createClient, type Message, type ThreadState } from "../src/index.js";

/** Pauses are short, but not so short that a server has no time to start; what takes long in truth, such as silence, takes long. */
export const hasty = (ms: number, act: () => void) => {
  const timer = setTimeout(act, ms > 20_000 ? ms : Math.min(ms, 20));
  return () => clearTimeout(timer);
};

export const client = (options: ClientOptions): Client => createClient({ after: hasty, ...options });

/** A variable that is kept current, all values that it has had, and a promise for one of a kind. */
export function variable() {
  const values: Message[][] = [];
  const wanted = new Set<() => void>();
  const set = (messages: Message[]) => {
    values.push(messages);
    for (const look of wanted) look();
  };
  const until = (good: (messages: Message[]) => boolean) =>
    new Promise<Message[]>((resolve) => {
      const look = () => {
        const now = values.at(-1);
        if (now && good(now)) resolve(now);
      };
      wanted.add(look);
      look();
    });
  return { set, values, until, texts: () => texts(values.at(-1) ?? []) };
}

export const texts = (messages: readonly Message[]) =>
  messages.map(({ content: [block] }) => (block?.type === "text" ? block.text.value : block));

/** The first state of a store that is good, of those that somebody who subscribes is told of. */
export function reached<State>(
  store: { subscribe(listener: () => void): () => void; getSnapshot(): State },
  good: (state: State) => boolean,
): Promise<State> {
  return new Promise((resolve) => {
    let unsubscribe = () => {};
    const look = () => {
      const now = store.getSnapshot();
      if (!good(now)) return;
      resolve(now);
      unsubscribe();
    };
    unsubscribe = store.subscribe(look);
    look();
  });
}

/** The same, of a thread. */
export const state = (of: Client, threadId: string, good: (state: ThreadState) => boolean): Promise<ThreadState> =>
  reached(of.thread(threadId), good);

/** A sequence of numbers from 0 up to 1, the same for the same seed. */
export function dice(seed: number): () => number {
  let now = seed >>> 0;
  return () => {
    now = (Math.imul(now, 1664525) + 1013904223) >>> 0;
    return now / 2 ** 32;
  };
}

/** A `fetch` whose streams come in odd pieces and break off at odd places. */
export function breaking(random: () => number, longest: number): { fetch: typeof fetch; cuts: () => number } {
  let cuts = 0;
  const cutting: typeof fetch = async (...request) => {
    const answer = await fetch(...request);
    if (!answer.body || !answer.headers.get("Content-Type")?.startsWith("text/event-stream")) return answer;
    let left = Math.floor(random() * longest);
    const pieces = new TransformStream<Uint8Array, Uint8Array>({
      transform(bytes, sink) {
        for (let at = 0; at < bytes.length; ) {
          const length = Math.min(1 + Math.floor(random() * 400), left, bytes.length - at);
          if (!length) {
            cuts++;
            return sink.error(new TypeError("cut"));
          }
          sink.enqueue(bytes.slice(at, at + length));
          at += length;
          left -= length;
        }
      },
    });
    return new Response(answer.body.pipeThrough(pieces), { status: answer.status, headers: answer.headers });
  };
  return { fetch: cutting, cuts: () => cuts };
}

/** Time that passes when it is told to. */
export class Moments {
  now = 0;
  private readonly timers = new Set<{ at: number; act: () => void }>();

  /** How many timers run. */
  get waiting(): number {
    return this.timers.size;
  }

  after = (ms: number, act: () => void) => {
    const timer = { at: this.now + ms, act };
    this.timers.add(timer);
    return () => void this.timers.delete(timer);
  };

  /** Let so many milliseconds pass, and everything happen that then does. */
  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    for (;;) {
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
      const next = [...this.timers].sort((one, other) => one.at - other.at).find(({ at }) => at <= end);
      if (!next) break;
      this.timers.delete(next);
      this.now = next.at;
      next.act();
    }
    this.now = end;
  }
}
