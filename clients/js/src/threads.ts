/** Threads that are followed as long as somebody wants them, each with one store that all share. */

import { callsOf, canAnswer } from "./calls.js";
import type { Follow } from "./connection.js";
import { Fold } from "./fold.js";
import { calmly, type Frame } from "./frame.js";
import { ApiError, type Http, newKey } from "./http.js";
import type { SseEvent } from "./sse.js";
import { Store } from "./store.js";
import type { Tools } from "./tools.js";
import type { Content, Message, Run } from "./types.js";

/** Is given the whole list of messages, newest first, whenever it has changed; a setter of React, say. */
export type Setter = (messages: Message[]) => void;

/** Ends what it was returned for. */
export interface Stop {
  (): void;
  /** Is kept once the newest messages are there; rejects if they will never be. */
  ready: Promise<void>;
}

/** The API's body of a message. */
export interface MessageBody {
  role?: "user" | "assistant";
  content: string | ({ type: "text"; text: string } | Exclude<Content, { type: "text" | "refusal" }>)[];
  metadata?: Record<string, string>;
  [field: string]: unknown;
}

/** A body with everything that it may leave out, as far as it shows. */
export type Written = MessageBody & Required<Pick<MessageBody, "role" | "metadata">>;

/** What all threads of a client have in common. */
export interface Surroundings {
  http: Http;
  tools: Tools;
  /** The parameters of the streams: who looks on, how many messages are loaded. */
  query: string;
  /** Who claims the calls of runs. */
  user: string;
  follow: Follow;
  page?: EventTarget;
  frame?: Frame;
  /** Those that somebody wants, by id. */
  threads: Map<string, LiveThread>;
}

/** Milliseconds that a connection is kept for whoever wants the thread next. */
const GRACE = 1_000;
const TERMINAL = /^(incomplete|completed|failed|cancelled|expired)$/;

interface Waiter {
  run_id: string;
  answered: string[];
  resolve(run: Run): void;
  reject(error: Error): void;
}

/** One thread. */
export interface LiveThread {
  fold: Fold;
  store: Store;
  /** Ask the server for something; `path` is that behind the thread's. */
  call<T>(method: string, path: string, body?: unknown, key?: string): Promise<T>;
  /**
   * Keep the thread, and follow it, until that is stopped.
   *
   * @param set - is given the messages meanwhile; one that is held more than once is told once
   * @param following - false if it need not be followed
   */
  hold(set?: Setter, following?: boolean): Stop;
  /**
   * Do something in the thread; what goes wrong stands in the store, too.
   *
   * @param live - whether the thread is followed meanwhile; with a setter it always is
   */
  work<T>(act: (thread: LiveThread) => Promise<T>, set?: Setter, live?: boolean): Promise<T>;
  /**
   * Send a message, which shows as pending until it is there.
   *
   * @param body - in which it is sent
   * @param made - finds it in the answer
   */
  post<T>(path: string, body: unknown, message: Written, made: (answer: T) => Message, key?: string): Promise<T>;
  /**
   * Resolves with a run once it has ended, or waits for its caller with nobody here to answer it.
   *
   * @param answered - the ids of calls that it waits for no more, whatever its row still says
   */
  until(run_id: string, answered?: string[]): Promise<Run>;
  /** Load the next page of older messages, once at a time; resolves with whether there are more. */
  older(): Promise<boolean>;
}

export function liveThread(id: string, { http, tools, query, user, follow, page, frame = calmly(http.sleep), threads }: Surroundings): LiveThread {
  const path = `/threads/${encodeURIComponent(id)}`;
  const fold = new Fold();
  const store = new Store(fold, frame);
  /** What each of those who want the thread is given, by what ends it. */
  const holders = new Map<() => void, Setter | undefined>();
  /** What each setter was given last. */
  const shown = new WeakMap<Setter, readonly Message[]>();
  const waiters = new Set<Waiter>();
  /** What is being sent, by the key under which it shows as pending. */
  const posts = new Map<string, Message>();
  /** How many snapshots have come since the first. */
  let leaps = 0;
  let paging: Promise<boolean> | undefined;
  let end: (() => void) | undefined;
  let ready: Promise<void>;
  let loaded: () => void;
  let refused: (error: Error) => void;
  /** Why nothing will ever come again. */
  let over: Error;

  const live: LiveThread = {
    fold,
    store,
    call<T>(method: string, suffix: string, body?: unknown, key?: string) {
      const before = leaps;
      const answer = http.call<T>(method, path + suffix, body, key && { "Idempotency-Key": key });
      return answer.finally(() => leaps > before && lookSoon());
    },
    hold(set, following = true) {
      if (set && typeof set !== "function") throw new TypeError("set is no function");
      const stop = () => {
        if (holders.delete(stop) && !holders.size) http.after(GRACE, close);
      };
      if (!setters().has(set)) shown.delete(set!);
      holders.set(stop, set);
      if (following && !end) open();
      show();
      look(); // whoever comes may bring functions that a run waits for
      stop.ready = ready;
      return stop;
    },
    async work(act, set, following = !!set) {
      const stop = live.hold(set, following);
      store.set({ error: null });
      try {
        return (await Promise.all([act(live), following && stop.ready]))[0];
      } catch (error) {
        store.set({ error: error as Error });
        throw error;
      } finally {
        show();
        stop();
      }
    },
    async post<T>(suffix: string, body: unknown, message: Written, made: (answer: T) => Message, key?: string) {
      const sent = pending(id, message);
      posts.set(sent.id, sent);
      store.pend(sent);
      try {
        const answer = await live.call<T>("POST", suffix, body, key);
        store.replace(sent.id, made(answer));
        return answer;
      } catch (error) {
        store.drop(sent.id);
        throw error;
      } finally {
        posts.delete(sent.id);
      }
    },
    until: (run_id, answered = []) =>
      new Promise((resolve, reject) => {
        if (!end) return reject(over);
        waiters.add({ run_id, answered, resolve, reject });
        look();
      }),
    older: () =>
      (paging ??= live
        .work(async () => (await Promise.all([import("./older.js"), ready]))[0].loadOlder(live), undefined, true)
        .finally(() => (paging = undefined))),
  };

  const open = () => {
    threads.set(id, live);
    store.set({ status: "connecting", silence: null, error: null });
    ready = new Promise((resolve, reject) => {
      loaded = resolve;
      refused = reject;
    });
    ready.catch(() => {}); // it stands in the store; not everybody asks
    if (fold.cursor) loaded();
    end = follow(
      http,
      `${path}/events${query}`,
      {
        fold,
        cursor: () => fold.cursor,
        take,
        live: () => store.set({ status: "live", silence: null }),
        lost: (status, silence) => store.set({ status, silence }),
        ended,
      },
      page,
    );
  };

  const close = () => {
    if (holders.size) return;
    end?.();
    end = undefined;
    loaded?.();
    store.set({ status: "connecting" });
    if (threads.get(id) === live) threads.delete(id);
  };

  const ended = (error?: Error) => {
    end = undefined;
    if (fold.cursor && (error as ApiError | undefined)?.status === 404) {
      // Deleted, and that so long ago, or with so much else, that the log does not tell of it any more.
      store.take({ type: "thread.deleted", data: "{}", id: "" });
      error = undefined;
    }
    store.set({ status: "offline", silence: error });
    over = error ?? new ApiError("The thread was deleted.", 404);
    refused(over); // unless the messages have been there
    fail(over);
  };

  /** Tell those who wait for a run, or for any, that they do so in vain. */
  const fail = (error: Error, run_id?: string) => {
    for (const waiter of waiters) {
      if (run_id && waiter.run_id !== run_id) continue;
      waiters.delete(waiter);
      waiter.reject(error);
    }
  };

  const take = (event: SseEvent) => {
    const before = posts.size && /snapshot|created/.test(event.type) && fold.messages.map(({ id }) => id);
    const { cursor } = fold;
    store.take(event);
    if (before) fold.messages.filter(({ id }) => !before.includes(id)).forEach(recognize);
    if (event.type === "thread.snapshot") {
      show();
      loaded();
      if (cursor) lookSoon();
    }
    if (!/delta/.test(event.type)) look();
  };

  /**
   * The stream is often faster than the answer: what looks like a message that is being sent is taken for it. If
   * somebody else has said the very same, ours shows a moment later; but nothing ever shows twice.
   */
  const recognize = (message: Message) => {
    for (const [key, post] of posts) {
      if (likeness(post) !== likeness(message)) continue;
      posts.delete(key);
      return store.replace(key, message);
    }
  };

  /** Give the setters what they have not seen, once there is anything to see. */
  const show = () => {
    if (!fold.cursor) return;
    const { messages } = store.getSnapshot();
    for (const set of setters()) {
      if (!set || shown.get(set) === messages) continue;
      shown.set(set, messages);
      try {
        set([...messages]); // its own: it may well turn it round
      } catch (error) {
        void Promise.reject(error); // told to the page's own handlers; the other setters are told all the same
      }
    }
  };

  const setters = () => new Set(holders.values());

  /** See which runs have ended, and which wait for us; those that are not there are asked for, if need be. */
  const look = (asking?: boolean) => {
    for (const run of fold.runs) if (canAnswer(tools, run)) takeUp(run);
    for (const waiter of waiters) {
      const run = fold.runs.find((run) => run.id === waiter.run_id);
      if (run) tell(waiter, run);
      else if (asking) {
        live
          .call<Run>("GET", `/runs/${waiter.run_id}`)
          .then((read) => tell(waiter, read), (error) => fail(error, waiter.run_id));
      }
    }
  };

  /**
   * A snapshot has come instead of what was missed: a run may have ended so long ago that it does not show it. Not at once, as
   * who waits for a run wants its messages, too, which the stream may be about to bring.
   */
  const lookSoon = () => {
    leaps++;
    http.after(GRACE, () => look(true));
  };

  const tell = (waiter: Waiter, run: Run) => {
    const asks = callsOf(run).some((call) => !waiter.answered.includes(call.id)) && !canAnswer(tools, run);
    if (!asks && !TERMINAL.test(run.status)) return;
    waiters.delete(waiter);
    waiter.resolve(run);
  };

  const takeUp = (run: Run) =>
    import("./tools.js")
      .then(({ takeUp }) => takeUp(http, fold, user, tools, run, () => !!end))
      .catch((error) => {
        store.set({ error });
        fail(error, run.id);
      });

  store.subscribe(show);
  return live;
}

/** What two messages have in common that say the same. */
const likeness = ({ role, content, metadata }: Message): string => JSON.stringify([role, content, metadata]);

function pending(thread_id: string, { role, content, metadata }: Written): Message {
  const blocks = typeof content === "string" ? [{ type: "text", text: content }] : (content ?? []);
  return {
    id: `pending_${newKey()}`,
    object: "thread.message",
    thread_id,
    created_at: Math.floor(Date.now() / 1000),
    role,
    status: "completed",
    content: blocks.map((block) =>
      block.type === "text" ? { type: "text", text: { value: block.text, annotations: [] } } : block,
    ) as Message["content"],
    run_id: null,
    assistant_id: null,
    metadata,
  };
}
