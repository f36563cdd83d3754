/** The list of threads, kept current: whatever is said anywhere moves its thread to the top. */

import { ApiError, isPassing } from "./http.js";
import type { Client } from "./index.js";
import type { SseEvent } from "./sse.js";
import { tellAll } from "./store.js";
import type { Status, Thread } from "./types.js";

/** A thread as the list shows it. */
export interface ListedThread extends Thread {
  /** The one that was given, else the beginning of the first message; null if there is neither. */
  title: string | null;
  /** The newest message whose text has ended, cut at 200 characters. */
  last_message: {
    text: string;
    author: { role: "user" | "assistant"; assistant_id: string | null; name: string | null; user_id: string | null };
    created_at: number;
  } | null;
  /** When something was said in it last, in seconds since the epoch; the list is ordered by it. */
  active_at: number;
}

/** The list at one moment. Nothing in it changes later; what has not changed since is the same object. */
export interface ListState {
  /** Newest activity first. */
  threads: readonly ListedThread[];
  /** Whether there are threads below these, which `more` brings. */
  has_more: boolean;
  status: Status;
  /** What went wrong last, until something succeeds. */
  error: Error | null;
}

/** The threads of a server as an external store; the list is followed while anybody subscribes. */
export interface ThreadList {
  /** Be told whenever there is another state, until the returned function is called. */
  subscribe(listener: () => void): () => void;
  /** The state now; the same object until something changes. */
  getSnapshot(): ListState;
  /** Bring the next page, if there is one. */
  more(): Promise<void>;
  /** Give a thread a title, which shows at once; without one it is called by its first message again. */
  rename(thread_id: string, title: string): Promise<void>;
}

interface Page {
  data: ListedThread[];
  last_id: string | null;
  has_more: boolean;
}

/** What the list is before anything is known, and in pages that are rendered on a server. */
export const UNKNOWN: ListState = { threads: [], has_more: false, status: "connecting", error: null };

const PAGE = 30;
/** As many as the API gives at a time. */
const LARGEST_PAGE = 100;
/** Milliseconds that the connection is kept for whoever wants the list next. */
const GRACE = 1_000;

export function threadList(client: Client): ThreadList {
  const { http } = client;
  const { document } = globalThis;
  const subscribers = new Set<() => void>();
  /** As the server has them, in the order of the list. */
  let threads: readonly ListedThread[] = UNKNOWN.threads;
  let { has_more, status } = UNKNOWN;
  /** Why nothing is heard, and what was refused last. */
  let silence: Error | null = null;
  let refused: Error | null = null;
  /** Titles that the server does not know yet, by thread, and when it does. */
  const titles = new Map<string, { title: string; done: Promise<void> }>();
  const titled = new WeakMap<ListedThread, ListedThread>();
  let shown: readonly ListedThread[] | null = threads;
  let state: ListState | null = UNKNOWN;
  let telling = false;

  let stop: (() => void) | undefined;
  /** Counts the connections: a page that was read for one that is gone does not make the list live. */
  let connection = 0;
  /** The pages, which are read one after another, and what the stream says meanwhile: that is newer than they are. */
  let reading: Promise<unknown> = Promise.resolve();
  let said: SseEvent[] | null = null;

  const changed = () => {
    state = null;
    if (telling || !subscribers.size) return;
    telling = true;
    setTimeout(() => {
      telling = false;
      tellAll(subscribers);
    });
  };

  const hold = (now: readonly ListedThread[]) => {
    threads = now;
    shown = null;
    changed();
  };

  const connected = (now: Status, why: Error | null = null) => {
    status = now;
    silence = why;
    changed();
  };

  // -- what is shown -------------------------------------------------------------------------

  /** The item with the title that it is being given. */
  const show = (item: ListedThread): ListedThread => {
    const title = titles.get(item.id)?.title || item.title;
    if (title === item.title) return item;
    const known = titled.get(item);
    if (known?.title === title) return known;
    const now = { ...item, title };
    titled.set(item, now);
    return now;
  };

  const getSnapshot = (): ListState =>
    (state ??= { threads: (shown ??= threads.map(show)), has_more, status, error: silence ?? refused });

  // -- what the stream says ------------------------------------------------------------------

  const take = (event: SseEvent) => {
    if (said) said.push(event);
    else if (event.type === "thread.listed") place(JSON.parse(event.data));
    else if (event.type === "thread.deleted") drop(JSON.parse(event.data).id);
  };

  /** Above all that are not more active, or where it is if nothing was said in it; times are whole seconds. */
  const place = (item: ListedThread) => {
    const known = threads.find(({ id }) => id === item.id);
    if (known?.active_at === item.active_at && same(known.last_message, item.last_message))
      return hold(threads.map((one) => (one === known ? kept(known, item) : one)));
    const others = threads.filter((one) => one !== known);
    const at = others.findIndex(({ active_at }) => active_at <= item.active_at);
    if (at >= 0) hold([...others.slice(0, at), item, ...others.slice(at)]);
    else if (!has_more) hold([...others, item]); // else it is further down, where nobody has read
  };

  const drop = (thread_id: string) => hold(threads.filter(({ id }) => id !== thread_id));

  // -- what is read --------------------------------------------------------------------------

  const inTurn = (read: () => Promise<void>): Promise<void> => {
    const done = reading.then(async () => {
      said = [];
      try {
        await read();
      } finally {
        const missed = said;
        said = null;
        missed.forEach(take);
      }
    });
    reading = done.catch(() => {});
    return done;
  };

  const page = (limit: number, after: string | null | undefined) =>
    http.call<Page>("GET", `/threads?${new URLSearchParams({ limit: `${limit}`, ...(after && { after }) })}`);

  /** The list from its top, as far down as it was read before. */
  const load = () =>
    inTurn(async () => {
      const known = new Map(threads.map((item) => [item.id, item]));
      const read = new Map<string, ListedThread>();
      let last: Page | undefined;
      do {
        last = await page(Math.min(Math.max(known.size - read.size, PAGE), LARGEST_PAGE), last?.last_id);
        for (const item of last.data) if (!read.has(item.id)) read.set(item.id, kept(known.get(item.id), item));
      } while (last.has_more && read.size < known.size);
      has_more = last.has_more;
      hold([...read.values()]);
    });

  const more = () =>
    inTurn(async () => {
      const before = new Set(threads.map(({ id }) => id));
      let after = threads.at(-1)?.id;
      while (has_more && threads.length <= before.size) {
        let next: Page;
        try {
          next = await page(PAGE, after);
        } catch (error) {
          if (!gone(error)) throw error;
          drop(after!); // so we go on behind the one before it
          before.delete(after!);
          after = threads.at(-1)?.id;
          continue;
        }
        has_more = next.has_more;
        after = next.last_id ?? after;
        // Those that have come up meanwhile come again.
        hold([...threads, ...next.data.filter(({ id }) => !before.has(id))]);
      }
    });

  // -- what is asked for ----------------------------------------------------------------------

  /** What goes wrong stands in the state, too: a page that does not wait for it has left nothing unhandled. */
  const attempt = (act: () => Promise<void>): Promise<void> => {
    refused = null;
    const done = act()
      .catch((error) => {
        refused = error;
        throw error;
      })
      .finally(changed);
    done.catch(() => {});
    return done;
  };

  const rename = async (thread_id: string, title: string) => {
    const before = titles.get(thread_id)?.done;
    const path = `/threads/${encodeURIComponent(thread_id)}`;
    const send = async () => {
      await before?.catch(() => {}); // whoever waits for that one is told
      const { metadata: { title: _, ...metadata } } = await http.call<Thread>("GET", path);
      const thread = await http.call<Thread>("POST", path, { metadata: { ...metadata, ...(title && { title }) } });
      hold(threads.map((item) => (item.id === thread_id ? { ...item, ...thread, title: title || item.title } : item)));
    };
    const mine = { title, done: send() };
    titles.set(thread_id, mine);
    hold(threads);
    try {
      await mine.done;
    } finally {
      if (titles.get(thread_id) === mine) titles.delete(thread_id);
      hold(threads);
    }
  };

  // -- whether anybody looks on --------------------------------------------------------------

  /** A connection stands: what was missed is read behind it. */
  const live = async () => {
    const now = ++connection;
    for (let failed = 0; now === connection; failed++) {
      try {
        await load();
        if (now === connection) connected("live");
        return;
      } catch (error) {
        if (now !== connection) return;
        if (error instanceof ApiError && !isPassing(error.status) && !gone(error)) {
          stop!();
          return ended(error);
        }
        if (!gone(error)) connected("reconnecting", error as Error);
        await http.sleep(http.pause(failed, 15_000));
      }
    }
  };

  const lost = (now: "reconnecting" | "offline", why: Error | null = silence) => {
    connection++;
    connected(now, why);
  };

  const ended = (why?: Error) => {
    stop = undefined;
    lost("offline", why);
  };

  const open = () => {
    stop = client.follow("/threads/events", { cursor: () => "", take, live, lost, ended });
  };

  const rest = () => {
    stop?.();
    stop = undefined;
    connection++;
  };

  /** A page that nobody sees needs no list, and a browser may have six connections to a server, with all its tabs. */
  const seen = () => {
    if (!document.hidden) stop || open();
    else http.after(GRACE, () => document.hidden && rest());
  };

  const close = () => {
    if (subscribers.size) return;
    document?.removeEventListener("visibilitychange", seen);
    rest();
    connected("connecting");
  };

  return {
    getSnapshot,
    subscribe(listener) {
      const subscriber = () => listener(); // each counts by itself
      subscribers.add(subscriber);
      document?.addEventListener("visibilitychange", seen);
      if (!stop && !document?.hidden) {
        connected("connecting");
        open();
      }
      return () => {
        if (subscribers.delete(subscriber) && !subscribers.size) http.after(GRACE, close);
      };
    },
    more: () => attempt(more),
    rename: (thread_id, title) => attempt(() => rename(thread_id, title.trim())),
  };
}

const lists = new WeakMap<Client, ThreadList>();

/** The list that all components of a client share. */
export function listOf(client: Client): ThreadList {
  const list = lists.get(client) ?? threadList(client);
  lists.set(client, list);
  return list;
}

/** The item that is held already, if it says the same. */
const kept = (known: ListedThread | undefined, item: ListedThread): ListedThread =>
  known && same(known, item) ? known : item;

const same = (one: object | null, other: object | null): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Whether a page was refused because the thread that it should begin behind is deleted. */
const gone = (error: unknown): boolean => error instanceof ApiError && error.param === "after";
