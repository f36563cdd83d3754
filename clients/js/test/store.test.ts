import { describe, expect, it, vi } from "vitest";
import { Fold } from "../src/fold.js";
import { Store } from "../src/store.js";
import type { Message } from "../src/types.js";

/** A person's message as the server stores it. */
const message = (id: string, value = id) =>
  ({
    id,
    object: "thread.message",
    role: "user",
    status: "completed",
    run_id: null,
    content: [{ type: "text", text: { value, annotations: [] } }],
    metadata: {},
  }) as unknown as Message;

const event = (type: string, data: unknown, id = "") => ({ type, data: JSON.stringify(data), id });
const created = (id: string, cursor = "") => event("thread.message.created", message(id), cursor);
const deleted = (id: string) => event("thread.message.deleted", { id, deleted: true });
const snapshot = (messages: Message[], cursor = "1.aaaa") => {
  const rest = { thread: { id: "thread_1" }, has_more: false, runs: [], run_steps: [], people: [] };
  return event("thread.snapshot", { ...rest, messages, cursor }, cursor);
};

function watched() {
  const frames: (() => void)[] = [];
  const store = new Store(new Fold(), (run) => frames.push(run));
  const listener = vi.fn();
  const paint = () => frames.splice(0).forEach((run) => run());
  return { store, listener, frames, paint, end: store.subscribe(listener) };
}

const ids = (store: Store) => store.getSnapshot().messages.map(({ id }) => id);

describe("a store", () => {
  it("begins empty and connecting", () => {
    expect(new Store(new Fold(), () => {}).getSnapshot()).toEqual({
      thread: null,
      messages: [],
      has_more: false,
      runs: [],
      run_steps: [],
      people: [],
      viewers: 0,
      status: "connecting",
      error: null,
      deleted: false,
    });
  });

  it("shows the same object until something changes", () => {
    const { store } = watched();
    store.take(snapshot([message("a")]));
    const state = store.getSnapshot();
    store.set({ status: "connecting" });
    store.take(event("thread.message.delta", { id: "gone", delta: {} }, "2.aaaa"));
    store.take({ type: "done", data: "[DONE]", id: "" });
    store.take({ type: "error", data: "{", id: "" });
    store.drop("nobody");
    store.replace("nobody", message("x"));
    expect(store.getSnapshot()).toBe(state);
    store.set({ status: "live" });
    expect(store.getSnapshot()).toEqual({ ...state, status: "live" });
    expect(store.getSnapshot().messages).toBe(state.messages);
    const error = new Error("No.");
    store.set({ error });
    expect(store.getSnapshot()).toEqual({ ...state, status: "live", error });
    store.set({ error: null });
    expect(store.getSnapshot().error).toBe(null);
  });

  it("tells its listeners once a frame, whatever has changed", () => {
    const { store, listener, frames, paint } = watched();
    store.take(created("a"));
    store.take(created("b"));
    store.set({ status: "live" });
    expect([listener.mock.calls.length, frames.length]).toEqual([0, 1]);
    expect(ids(store)).toEqual(["b", "a"]); // who looks before is told the truth
    paint();
    expect(listener).toHaveBeenCalledTimes(1);
    paint();
    expect(listener).toHaveBeenCalledTimes(1);
    store.take(created("c"));
    paint();
    expect(listener).toHaveBeenCalledTimes(2);
  });

  it("counts a listener once, and tells nobody who has left", () => {
    const { store, listener, frames, paint, end } = watched();
    store.subscribe(listener);
    store.take(created("a"));
    paint();
    expect(listener).toHaveBeenCalledTimes(1);
    store.take(created("b"));
    end();
    paint();
    store.take(created("c"));
    expect([listener.mock.calls.length, frames.length]).toEqual([1, 0]);
  });

  it("tells the others when a listener fails", async () => {
    const { store, paint } = watched();
    const failing = () => {
      throw new Error("mine");
    };
    const after = vi.fn();
    const told = vi.spyOn(Promise, "reject").mockImplementation(() => new Promise(() => {}));
    store.subscribe(failing);
    store.subscribe(after);
    store.take(created("a"));
    paint();
    expect(after).toHaveBeenCalledTimes(1);
    expect(told.mock.calls).toEqual([[new Error("mine")]]);
    told.mockRestore();
  });
});

describe("a pending message", () => {
  it("stands in front of all others at once, the newest first", () => {
    const { store } = watched();
    store.take(snapshot([message("a")]));
    store.pend(message("here_1", "Hi"));
    store.pend(message("here_2"));
    expect(ids(store)).toEqual(["here_2", "here_1", "a"]);
    expect(store.getSnapshot().messages[1]).toEqual({ ...message("here_1", "Hi"), pending: true });
  });

  it("becomes the server's, which the stream brings later", () => {
    const { store } = watched();
    store.pend(message("here_1"));
    store.replace("here_1", message("b"));
    expect(store.getSnapshot().messages).toEqual([message("b")]);
    store.take(created("b"));
    store.take(created("c"));
    expect(ids(store)).toEqual(["c", "b"]);
  });

  it("goes when the stream has brought the server's before", () => {
    const { store } = watched();
    store.pend(message("here_1"));
    store.take(created("b"));
    expect(ids(store)).toEqual(["here_1", "b"]);
    store.replace("here_1", message("b"));
    expect(ids(store)).toEqual(["b"]);
  });

  it("goes when the stream has brought the server's and deleted it again", () => {
    const { store } = watched();
    store.pend(message("here_1"));
    store.take(created("b"));
    store.take(deleted("b"));
    store.replace("here_1", message("b"));
    expect(ids(store)).toEqual([]);
  });

  it("goes when it could not be sent", () => {
    const { store } = watched();
    store.pend(message("here_1"));
    store.drop("here_1");
    expect(ids(store)).toEqual([]);
  });

  it("stays through the first snapshot, whether that holds the server's or not", () => {
    for (const page of [[], [message("b")]]) {
      const early = watched().store;
      early.pend(message("here_1"));
      early.replace("here_1", message("b"));
      early.take(snapshot(page));
      expect(ids(early)).toEqual(["b"]);
      const late = watched().store;
      late.pend(message("here_1"));
      late.take(snapshot(page));
      late.replace("here_1", message("b"));
      expect(ids(late)).toEqual(["b"]);
    }
  });

  it("is not left behind by a later snapshot that knows better", () => {
    const { store } = watched();
    store.take(snapshot([]));
    store.pend(message("here_1"));
    store.pend(message("here_2"));
    store.replace("here_1", message("b"));
    store.take(snapshot([message("z")], "9.bbbb")); // b was deleted, or is older than the page
    expect(ids(store)).toEqual(["here_2", "z"]);
    store.replace("here_2", message("c"));
    expect(ids(store)).toEqual(["z"]);
    store.take(created("c"));
    expect(ids(store)).toEqual(["c", "z"]);
  });

  it("is shown once when it was sent twice under one key and two answers name the same message", () => {
    const { store } = watched();
    store.pend(message("here_1"));
    store.pend(message("here_2"));
    store.replace("here_1", message("b"));
    store.replace("here_2", message("b"));
    expect(ids(store)).toEqual(["b"]);
  });

  it("goes with its thread once the server has it", () => {
    const { store } = watched();
    store.pend(message("here_1"));
    store.replace("here_1", message("b"));
    store.take(event("thread.deleted", { id: "thread_1" }));
    expect([ids(store), store.getSnapshot().deleted]).toEqual([[], true]);
  });
});

describe("whatever the order of events, snapshots and answers", () => {
  const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
  const ROUNDS = 300;

  /** Mulberry32: numbers from 0 up to 1 out of a seed. */
  function chances(seed: number): () => number {
    return () => {
      seed = (seed + 0x6d2b79f5) | 0;
      let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
  }

  it(`no id is shown twice, and the end is what a fresh fold shows (SEED=${SEED})`, () => {
    for (let round = 0; round < ROUNDS; round++) play(chances(SEED + round), `SEED=${SEED + round}`);
  });

  /** A thread, a reader of its stream that is cut now and then, and a writer whose answers take their time. */
  function play(chance: () => number, name: string): void {
    const below = (count: number) => Math.floor(chance() * count);
    const log: { type: string; data: string; id: string }[] = [];
    const there: Message[] = []; // on the server, newest first
    const answers: [key: string, message: Message][] = [];
    const store = new Store(new Fold(), (run) => run());
    store.subscribe(() => look());
    const fresh = new Fold();
    let read = 0; // how far in the log the reader is
    let keys = 0;

    const append = (type: string, data: unknown) => log.push(event(type, data, `${log.length + 1}.aaaa`));
    const page = () => snapshot(there.slice(0, 3), `${(read = log.length)}.aaaa`);
    const take = (one: ReturnType<typeof event>) => {
      store.take(one);
      fresh.take(one.type, JSON.parse(one.data), one.id);
    };
    const look = () => {
      const shown = ids(store);
      expect(new Set(shown).size, `${name}: ${shown}`).toBe(shown.length);
    };
    const acts = [
      () => there.unshift(message(`msg_${log.length}`)) && append("thread.message.created", there[0]),
      () => {
        const [gone] = there.splice(below(there.length), 1);
        if (gone) append("thread.message.deleted", { id: gone.id, deleted: true });
      },
      () => {
        const key = `here_${keys++}`;
        store.pend(message(key));
        if (below(5)) answers.push([key, message(`msg_of_${key}`)]);
        else store.drop(key);
      },
      () => { // a request is done, whether or not its answer has come
        const next = answers.find(([, { id }]) => !log.some(({ data }) => JSON.parse(data).id === id));
        if (next) there.unshift(next[1]) && append("thread.message.created", next[1]);
      },
      () => {
        const done = answers.findIndex(([, { id }]) => log.some(({ data }) => JSON.parse(data).id === id));
        if (done >= 0) store.replace(...answers.splice(done, 1)[0]!);
      },
      () => read < log.length && take(log[read++]!),
      () => read < log.length && take(log[read++]!),
      () => below(4) === 0 && take(page()),
    ];

    take(page());
    for (let step = 0; step < 60; step++) {
      acts[below(acts.length)]!();
      look();
    }
    for (let rest = answers.length; rest > 0; rest--) acts[3]!();
    const behind = below(2) ? [5, 4] : [4, 5];
    for (const act of behind) for (let rest = log.length; rest > 0; rest--) acts[act]!();

    expect(store.getSnapshot().messages, name).toEqual(fresh.messages);
    expect(ids(store), name).toEqual(there.slice(0, fresh.messages.length).map(({ id }) => id));
  }
});
