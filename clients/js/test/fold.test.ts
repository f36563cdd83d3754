import { describe, expect, it } from "vitest";
import { Fold } from "../src/fold.js";
import { addOlder, askOlder } from "../src/older.js";
import type { Message } from "../src/types.js";
import { folds } from "./cases.js";

const open = { id: "msg_1", object: "thread.message", run_id: "run_1", status: "in_progress", content: [] } as any;
const ended = { ...open, id: "msg_0", run_id: null, status: "completed", content: [text("Hello")] } as Message;

function text(value: string) {
  return { type: "text", text: { value, annotations: [] } };
}

function say(fold: Fold, value: string, id = "msg_1"): void {
  fold.take("thread.message.delta", { id, delta: { content: [{ index: 0, type: "text", text: { value } }] } });
}

function began(start?: object): Fold {
  const fold = new Fold();
  if (start) fold.begin(start);
  return fold;
}

/** What a case file says: an event of the stream, or a page of older messages that is asked for, or is there. */
function happen(fold: Fold, { type, data, id, asks_behind, page, void: isVoid = false }: any): boolean {
  if (asks_behind !== undefined) expect(askOlder(fold)).toBe(asks_behind);
  else if (page) expect(addOlder(fold, page)).toBe(!isVoid);
  else return fold.take(type, data, id);
  return !!page && !isVoid;
}

const state = ({ thread, messages, has_more, runs, run_steps, cursor, people, viewers }: Fold) => {
  return { thread, messages, has_more, runs, run_steps, cursor, people, viewers };
};
/** A state of a case file, with what it leaves out. */
const whole = (expected: object) => ({ ...expected, people: [], viewers: 0, ...expected });

describe.each(folds)("%s", (_, one) => {
  it("folds to what it expects, to the byte", () => {
    const fold = began(one.start);
    for (const event of one.events) {
      happen(fold, event);
      if (event.then) expect(state(fold)).toStrictEqual(whole(event.then));
    }
    expect(state(fold)).toStrictEqual(whole(one.expect));
    expect(JSON.stringify(state(fold))).toBe(JSON.stringify(whole(one.expect)));
  });

  it("is the same however often one looks, and changes nothing that was given or shown", () => {
    const pristine = structuredClone(one);
    const fold = began(one.start);
    const seen = [[state(fold), structuredClone(state(fold))]];
    for (const event of one.events) {
      happen(fold, event);
      seen.push([state(fold), structuredClone(state(fold))]);
    }
    expect(state(fold)).toStrictEqual(whole(one.expect));
    for (const [shown, asItWas] of seen) expect(shown).toStrictEqual(asItWas);
    expect(one).toStrictEqual(pristine);
  });

  it("says of an event whether it changed anything that is shown", () => {
    const fold = began(one.start);
    for (const event of one.events) {
      const before = structuredClone({ ...state(fold), cursor: null });
      const changed = happen(fold, event);
      if (!changed) expect({ ...state(fold), cursor: null }).toStrictEqual(before);
    }
  });
});

describe("a fold", () => {
  it("says that an event about nothing it holds changed nothing", () => {
    const fold = began({ thread: {}, messages: [ended] });
    expect(fold.take("error", {}, "1.aaaa")).toBe(false);
    expect(fold.take("thread.message.completed", open)).toBe(false);
    expect(fold.take("thread.message.delta", { id: "msg_0", delta: { content: [] } })).toBe(false);
    expect(fold.take("thread.run.queued", { id: "run_1" })).toBe(false);
    expect(fold.take("thread.run.step.completed", { id: "step_1" })).toBe(false);
    expect(fold.cursor).toBe("1.aaaa");
  });

  it("knows that its thread is deleted, until it begins anew", () => {
    const fold = began({ thread: {}, messages: [ended] });
    expect(fold.deleted).toBe(false);
    fold.take("thread.deleted", { id: "thread_1", deleted: true }, "9.aaaa");
    expect([fold.deleted, fold.thread, fold.messages, fold.cursor]).toEqual([true, null, [], "9.aaaa"]);
    fold.begin({ messages: [ended] });
    expect([fold.deleted, fold.cursor]).toEqual([false, null]);
  });

  it("keeps the identity of messages that have not changed, and of lists", () => {
    const fold = began({ messages: [{ ...open, content: [text("Good")] }, ended], runs: [{ id: "run_1" }] });
    const first = fold.messages;
    const { runs, run_steps } = fold;
    fold.take("thread.typing", { user_id: "u", name: "Ann", typing: true });
    expect(fold.messages).toBe(first);
    say(fold, " morning");
    const second = fold.messages;
    expect(second[1]).toBe(ended);
    expect(second[0]).toEqual({ ...open, content: [text("Good morning")] });
    expect(first[0]).toEqual({ ...open, content: [text("Good")] });
    fold.take("thread.message.created", { ...ended, id: "msg_2" });
    expect(fold.messages[1]).toBe(second[0]);
    expect(fold.messages[2]).toBe(second[1]);
    expect([fold.runs === runs, fold.run_steps === run_steps]).toEqual([true, true]);
  });

  it("forgets what a run wrote when the run begins again, also where it did not hold the run", () => {
    const fold = began({ messages: [{ ...open, content: [text("Half")] }, ended] });
    fold.take("thread.run.created", { id: "run_1" });
    expect(fold.messages).toEqual([ended]);
  });

  it("looks at no message but the one that grows, in a thread of any length", () => {
    let touched = 0;
    const guard = { get: (row: any, field: string) => (touched++, row[field]) };
    const rows = Array.from({ length: 500 }, (_, n) => new Proxy({ ...ended, id: `old_${n}` }, guard));
    const fold = began({ messages: [open, ...rows] });
    say(fold, "word ");
    expect(fold.messages).toHaveLength(501);
    touched = 0;
    for (let count = 0; count < 100; count++) {
      say(fold, "word ");
      expect(fold.messages[500]).toBe(rows[499]);
    }
    expect(touched).toBe(0);
    expect(fold.messages[0]!.content).toEqual([text("word ".repeat(101))]);
  });
});
