import type { Message } from "livethread";
import { describe, expect, it } from "vitest";
import { type Arrangement, arranged, EMPTY } from "../../src/conversation/chunks";
import { entriesOf, type Held } from "../../src/conversation/entries";
import { answered, aRun, said, text } from "./things";
import { chance } from "./random";

const NONE = { has_more: true, runs: [], run_steps: [], comings: [], deleted: new Map() };
const many = (from: number, to: number): Message[] => Array.from({ length: to - from }, (_, n) => said(`m${to - 1 - n}`));
const chunksOf = ({ sections }: Arrangement) => sections.flatMap(({ items }) => items);
const entries = (of: Arrangement) => chunksOf(of).flatMap(({ items }) => items);
const same = (before: readonly object[], now: readonly object[]) => now.filter((piece) => before.includes(piece)).length;

describe("an arrangement", () => {
  it("makes only the answer another object that grows, beside one that failed before and one that has not changed", () => {
    const runs = [
      aRun("r3", { status: "in_progress" }),
      aRun("r2", { turn_id: "t", assistant_id: "asst_2" }),
      aRun("r1", { turn_id: "t", status: "failed" }),
    ];
    const growing = (value: string) => answered("c", "r3", { status: "in_progress", content: text(value) });
    const others = [answered("b", "r2", { assistant_id: "asst_2" }), answered("a", "r1"), ...many(0, 3)];
    const before = arranged(EMPTY, { ...NONE, runs, messages: [growing("On"), ...others] });
    const now = arranged(before, { ...before.held, messages: [growing("Once"), ...others] });
    const answers = (of: Arrangement) => entries(of).flatMap((entry) => (entry.kind === "turn" ? entry.answers : []));
    expect([answers(before).length, same(answers(before), answers(now))]).toEqual([2, 1]);
    expect(entries(now)).toEqual(entriesOf(now.held));
  });

  it("holds every entry once, in chunks of a few", () => {
    const held = { ...NONE, messages: many(0, 1_000) };
    const arrangement = arranged(EMPTY, held);
    expect(entries(arrangement)).toEqual(entriesOf(held));
    expect(arrangement.sections.map(({ items }) => items.map(({ items }) => items.length))).toEqual([
      Array.from({ length: 24 }, () => 24),
      [...Array.from({ length: 17 }, () => 24), 16],
    ]);
  });

  it("makes one chunk another object for a message that grows, and no other", () => {
    const runs = [aRun("r1", { status: "in_progress" })];
    const others = many(0, 500);
    const growing = (value: string) => answered("a", "r1", { status: "in_progress", content: text(value) });
    const before = arranged(EMPTY, { ...NONE, runs, messages: [growing("On"), ...others] });
    const now = arranged(before, { ...before.held, messages: [growing("Once"), ...others] });
    expect(same(chunksOf(before), chunksOf(now))).toBe(chunksOf(before).length - 1);
    expect(entries(now)).toEqual(entriesOf(now.held));
  });

  it("leaves what is there alone when older messages come, and stays in few pieces", () => {
    let now = arranged(EMPTY, { ...NONE, messages: many(9_950, 10_000) });
    for (let from = 9_900; from >= 8_000; from -= 50) {
      const before = now;
      now = arranged(before, { ...NONE, messages: [...before.held.messages, ...many(from, from + 50)] });
      expect(same(chunksOf(before), chunksOf(now))).toBeGreaterThanOrEqual(chunksOf(before).length - 1);
      expect(same(before.sections, now.sections)).toBeGreaterThanOrEqual(before.sections.length - 1);
      const keys = new Set(chunksOf(now).map(({ key }) => key));
      expect(chunksOf(before).filter(({ key }) => !keys.has(key))).toEqual([]);
    }
    expect([now.sections.length, chunksOf(now).length, entries(now).length]).toEqual([4, 85, 2_000]);
  });

  it("goes on in front of a first chunk that is full", () => {
    const newer = many(100, 200);
    const before = arranged(EMPTY, { ...NONE, messages: newer });
    const now = arranged(before, { ...NONE, messages: [...newer, ...many(50, 100)] });
    expect(same(chunksOf(before), chunksOf(now))).toBe(chunksOf(before).length - 1); // its first message has one above it now
    expect(entries(now)).toEqual(entriesOf(now.held));
  });

  it("changes only its end when a message comes", () => {
    const older = many(0, 100);
    const before = arranged(EMPTY, { ...NONE, messages: older });
    const now = arranged(before, { ...NONE, messages: [said("new"), ...older] });
    expect(same(chunksOf(before), chunksOf(now))).toBe(chunksOf(before).length - 1);
    expect(chunksOf(now).map(({ key }) => key)).toEqual(chunksOf(before).map(({ key }) => key));
  });

  it("is the same object as before where nothing has changed but what does not show", () => {
    const messages = many(0, 30);
    const before = arranged(EMPTY, { ...NONE, messages });
    expect(arranged(before, { ...NONE, messages: [...messages] }).sections).toBe(before.sections);
  });

  it("shows the same as one that is made anew, whatever happens", () => {
    for (let seed = 0; seed < 100; seed++) {
      const pick = chance(seed);
      let now = EMPTY;
      let held: Held = { ...NONE, messages: [], has_more: false };
      for (let step = 0; step < 40; step++) {
        held = changed(held, `${seed}_${step}`, pick);
        now = arranged(now, held);
        expect(entries(now), `seed ${seed}, step ${step}`).toEqual(entriesOf(held));
        for (const pieces of [now.sections, chunksOf(now)]) expect(new Set(pieces.map(({ key }) => key)).size).toBe(pieces.length);
      }
    }
  });
});

/** What might happen in a thread. */
function changed(held: Held, id: string, pick: (below: number) => number): Held {
  const { messages, runs } = held;
  switch (pick(9)) {
    case 0:
      return { ...held, messages: [said(id, pick(2) ? {} : { metadata: { name: "Ben" } }), ...messages] };
    case 1: {
      const [turn_id, assistant_id] = [pick(2) ? "turn_1" : null, pick(2) ? "asst_1" : "asst_2"];
      return { ...held, runs: [aRun(`run_${id}`, { status: "in_progress", turn_id, assistant_id }), ...runs] };
    }
    case 2: {
      const run = runs[pick(runs.length || 1)];
      return run ? { ...held, messages: [answered(id, run.id, { status: "in_progress" }), ...messages] } : held;
    }
    case 3: {
      const at = pick(messages.length || 1);
      const grows = (message: Message) => ({ ...message, content: text(`${id} more`) });
      return { ...held, messages: messages.map((message, index) => (index === at ? grows(message) : message)) };
    }
    case 4: {
      const at = pick(runs.length || 1);
      const ended = (["completed", "failed", "cancelled"] as const)[pick(3)]!;
      return { ...held, runs: runs.map((run, index) => (index === at ? { ...run, status: ended } : run)) };
    }
    case 5: {
      const of = runs[pick(runs.length || 1)]?.id ?? "";
      const own = messages.filter(({ run_id }) => run_id === of);
      return { ...held, messages: messages.filter(({ run_id }) => run_id !== of), deleted: new Map(held.deleted).set(of, own) };
    }
    case 6: {
      const at = pick(messages.length || 1);
      const renamed = (message: Message) => ({ ...message, metadata: { name: "Cleo" } });
      return { ...held, messages: messages.map((message, index) => (index === at ? renamed(message) : message)) };
    }
    case 7:
      return { ...held, messages: messages.filter((_, index) => index !== pick(20)) };
    default:
      return { ...held, messages: [...messages, ...Array.from({ length: 30 }, (_, n) => said(`${id}_${n}`, { created_at: 0 }))] };
  }
}
