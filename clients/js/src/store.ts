/** The state of a thread for a page to render: the fold of its events, and what is on its way to the server. */
import type { Fold } from "./fold.js";
import type { Frame } from "./frame.js";
import type { SseEvent } from "./sse.js";
import type { Message, Status, ThreadState } from "./types.js";

interface Standing {
  /** Of the connection. */
  status: Status;
  /** Why nothing comes over it. */
  silence: Error | null;
  /** What went wrong with a call. */
  error: Error | null;
}

/** A message of this page that the stream has not brought yet. */
interface Pending {
  /** Made up here, `pending`; the server's own, once that has answered. */
  message: Message;
  /** Whether a snapshot has come since: the stream may have passed the message by, and never name it again. */
  passed: boolean;
}

export class Store {
  readonly #fold: Fold;
  readonly #frame: Frame;
  readonly #listeners = new Set<() => void>();
  readonly #standing: Standing = { status: "connecting", silence: null, error: null };
  /** By the key of the caller, oldest first. */
  readonly #pending = new Map<string, Pending>();
  /** The ids that were shown or brought while answers were awaited: they may be gone again already. */
  readonly #brought = new Set<string>();
  #state: ThreadState | null = null;
  #waiting = false;

  /**
   * @param fold What to show; from now on it takes its events through this store only.
   * @param frame Says when listeners are told.
   */
  constructor(fold: Fold, frame: Frame) {
    this.#fold = fold;
    this.#frame = frame;
  }

  /**
   * Be told whenever there is another state, once for each frame.
   *
   * @param listener Counts once, however often it subscribes.
   * @returns Ends it.
   */
  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** The state now; the same object until something changes. */
  getSnapshot = (): ThreadState => {
    const { thread, messages, has_more, runs, run_steps, people, viewers, deleted } = this.#fold;
    const { status, silence, error } = this.#standing;
    const pending = [...this.#pending.values()].reverse();
    return (this.#state ??= {
      thread,
      messages: pending.length ? [...pending.map(({ message }) => message), ...messages] : messages,
      has_more,
      runs,
      run_steps,
      people,
      viewers,
      status,
      error: silence ?? error,
      deleted,
    });
  };

  /** Change how things stand; what is undefined stays. */
  set(change: { [Name in keyof Standing]?: Standing[Name] | undefined }): void {
    for (const [name, value] of Object.entries(change) as [keyof Standing, never][]) {
      if (value === undefined || value === this.#standing[name]) continue;
      this.#standing[name] = value;
      this.changed();
    }
  }

  /** Move on by one event of the stream. */
  take({ type, data, id }: SseEvent): void {
    if (!type.startsWith("thread.")) return;
    const parsed = JSON.parse(data);
    // Whether the stream may have passed by what was answered before: not at the first snapshot, which this page waits for.
    const leap = type === "thread.deleted" || (type === "thread.snapshot" && !!this.#fold.cursor);
    const changed = this.#fold.take(type, parsed, id);
    if (this.#pending.size) {
      if (type === "thread.message.created") this.#brought.add(parsed.id);
      for (const [key, pending] of this.#pending) {
        const { message } = pending;
        if (!message.pending && (leap || this.#fold.holds(message.id))) this.#pending.delete(key);
        pending.passed ||= leap;
      }
    }
    if (changed) this.changed();
  }

  /** Show a message that is being sent, in front of all others. Its id is the key for `replace` and `drop`. */
  pend(message: Message): void {
    this.#pending.set(message.id, { message: { ...message, pending: true }, passed: false });
    this.changed();
  }

  /**
   * Show the server's message instead of the pending one, until the stream brings it, if it has not done so.
   *
   * @param pendingKey The pending message's id; one that is not pending any more changes nothing.
   * @param message What the server has answered.
   */
  replace(pendingKey: string, message: Message): void {
    const pending = this.#pending.get(pendingKey);
    if (!pending) return;
    if (pending.passed || this.#brought.has(message.id) || this.#fold.holds(message.id)) {
      this.#pending.delete(pendingKey);
    } else {
      pending.message = message;
      this.#brought.add(message.id);
    }
    this.changed();
  }

  /** Show a pending message no longer: it could not be sent. */
  drop(pendingKey: string): void {
    if (this.#pending.delete(pendingKey)) this.changed();
  }

  /** The fold has changed, by something else than an event. */
  changed(): void {
    this.#state = null;
    if (this.#waiting || !this.#listeners.size) return;
    this.#waiting = true;
    this.#frame(() => {
      this.#waiting = false;
      tellAll(this.#listeners);
    });
  }
}

/** Tell every listener; what one throws is told to the page's own handlers, and the others hear all the same. */
export function tellAll(listeners: Iterable<() => void>): void {
  for (const listener of listeners) {
    try {
      listener();
    } catch (error) {
      void Promise.reject(error);
    }
  }
}
