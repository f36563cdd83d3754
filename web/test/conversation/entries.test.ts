import type { Message } from "livethread";
import { describe, expect, it } from "vitest";
import { type Entry, entriesOf, type Held } from "../../src/conversation/entries";
import { answered, aRun, aStep, said } from "./things";

/** Oldest first, as one reads; `has_more` unless told otherwise is false. */
const held = (messages: Message[], more: Partial<Held> = {}): Held => ({
  has_more: false,
  run_steps: [],
  comings: [],
  deleted: new Map(),
  ...more,
  messages: [...messages].reverse(),
  runs: [...(more.runs ?? [])].reverse(),
});

/** What stands below each other; answers beside each other are joined by +, their parts by a comma. */
const lines = (of: Held): string[] => entriesOf(of).map(line);

const line = (entry: Entry): string => {
  if (entry.kind === "message") return entry.message.id;
  if (entry.kind === "coming") return entry.coming.text;
  if (entry.kind === "day") return new Date(entry.at * 1000).toDateString();
  const answers = entry.answers.map(({ run_id, parts }) => {
    const shown = parts.map((part) => {
      if (part.kind !== "calls") return part.kind === "superseded" ? `(${part.message.id})` : part.message.id;
      return part.step.step_details.type === "tool_calls" ? part.step.step_details.tool_calls.map((call) => call.function.name).join("&") : "";
    });
    return shown.length ? shown.join(",") : `<${run_id}>`;
  });
  return answers.join(" + ");
};

describe("what stands below each other", () => {
  it("is what was said, oldest on top, by the log and not by any clock", () => {
    const late = said("b", { created_at: 1 });
    expect(lines(held([said("a", { created_at: 9 }), late, said("c", { created_at: 5 })]))).toEqual(["a", "b", "c"]);
  });

  it("has the answers of one turn beside each other, where the first of them began", () => {
    const runs = [aRun("r1", { turn_id: "turn_1" }), aRun("r2", { turn_id: "turn_1" })];
    const messages = [said("q"), answered("a2", "r2"), said("between"), answered("a1", "r1")];
    expect(lines(held(messages, { runs }))).toEqual(["q", "a1 + a2", "between"]);
  });

  it("keeps runs apart that are of no turn", () => {
    expect(lines(held([said("q"), answered("a", "r1"), answered("b", "r2")], { runs: [aRun("r1"), aRun("r2")] }))).toEqual(["q", "a", "b"]);
  });

  it("joins the messages and calls of a run, in the order of its steps", () => {
    const run_steps = [aStep("r1", "a"), aStep("r1", ["look", "find"]), aStep("r1", "b")];
    expect(lines(held([said("q"), answered("a", "r1"), answered("b", "r1")], { runs: [aRun("r1")], run_steps }))).toEqual([
      "q",
      "a,look&find,b",
    ]);
  });

  it("shows what an old run wrote, of which nothing else is here", () => {
    expect(lines(held([answered("a", "old"), answered("b", "old"), said("q")]))).toEqual(["a,b", "q"]);
  });

  it("has at the end what waits or has not begun to write", () => {
    const runs = [aRun("r1", { status: "in_progress" }), aRun("r2", { status: "queued" })];
    expect(lines(held([said("q1"), said("q2")], { runs }))).toEqual(["q1", "q2", "<r1>", "<r2>"]);
  });

  it("has a turn of which one writes at that one's place, the others beside it", () => {
    const runs = [aRun("r1", { turn_id: "t", status: "queued" }), aRun("r2", { turn_id: "t", status: "in_progress" })];
    expect(lines(held([said("q"), answered("a", "r2", { status: "in_progress" }), said("after")], { runs }))).toEqual([
      "q",
      "<r1> + a",
      "after",
    ]);
  });

  it("has a run that failed before it wrote anything where it failed", () => {
    const runs = [aRun("r1", { status: "failed", created_at: 10, failed_at: 12 } as object)];
    const messages = [said("a", { created_at: 9 }), said("b", { created_at: 11 }), said("c", { created_at: 13 })];
    expect(lines(held(messages, { runs }))).toEqual(["a", "b", "<r1>", "c"]);
  });

  it("has it above the next attempt also when that writes in the same second", () => {
    const runs = [aRun("r1", { status: "failed", failed_at: 12 } as object), aRun("r2", { assistant_id: "asst_2" })];
    expect(lines(held([said("q", { created_at: 12 }), answered("a", "r2", { created_at: 12 })], { runs }))).toEqual(["q", "<r1>", "a"]);
  });

  it("leaves out a failure older than anything that is here, while there is more", () => {
    const runs = [aRun("r1", { status: "failed", failed_at: 2 } as object)];
    expect(lines(held([said("a", { created_at: 9 })], { runs, has_more: true }))).toEqual(["a"]);
  });

  it("leaves out a run whose answer was deleted, also beside others", () => {
    const runs = [aRun("r1", { turn_id: "t" }), aRun("r2", { turn_id: "t" }), aRun("r3")];
    expect(lines(held([said("q"), answered("a", "r2")], { runs, run_steps: [aStep("r3", ["look"])] }))).toEqual(["q", "a"]);
  });

  it("folds away what was written again after a restart, at once and for good", () => {
    const half = answered("half", "r1", { status: "incomplete", incomplete_details: { reason: "run_failed" } });
    const now = (runs: Held["runs"], ...more: Message[]) => lines(held([said("q"), half, ...more], { runs }))[1];
    expect(now([aRun("r1", { status: "in_progress" })])).toBe("(half)");
    expect(now([aRun("r1")], answered("whole", "r1"))).toBe("(half),whole");
    expect(now([], answered("whole", "r1"))).toBe("(half),whole");
    expect(now([aRun("r1", { status: "failed" })])).toBe("half");
  });

  it("leaves what was stopped as it is", () => {
    const half = answered("half", "r1", { status: "incomplete", incomplete_details: { reason: "run_cancelled" } });
    expect(lines(held([half], { runs: [aRun("r1", { status: "cancelled" })] }))).toEqual(["half"]);
  });

  it("says who came and went behind what was the newest then", () => {
    const coming = (key: string, after: string | null) => ({ key, text: `${key} joined`, after });
    const comings = [coming("Ann", null), coming("Ben", "a"), coming("Cy", "a"), coming("Di", "b"), coming("Ed", "gone")];
    expect(lines(held([said("a"), said("b")], { comings }))).toEqual(["Ann joined", "a", "Ben joined", "Cy joined", "b", "Di joined"]);
  });

  it("has an attempt in the place of those of its assistant that failed before it", () => {
    const failed = (id: string, second: number) => aRun(id, { status: "failed", failed_at: second } as object);
    const runs = [failed("r1", 5), failed("r2", 6), failed("r3", 7), aRun("r4", { status: "in_progress" })];
    const [, turn, ...others] = entriesOf(held([said("q", { created_at: 1 }), answered("a", "r3", { created_at: 7 })], { runs }));
    const { key, answers } = turn as Entry & { kind: "turn" };
    expect([key, answers.map((answer) => [answer.run_id, answer.before.map(({ run_id }) => run_id)]), others]).toEqual([
      "r1",
      [["r4", ["r1", "r2", "r3"]]],
      [],
    ]);
  });

  it("has it beside the other answers of the turn", () => {
    const runs = [aRun("r1", { turn_id: "t" }), aRun("r2", { turn_id: "t", assistant_id: "asst_2", status: "failed" })];
    const again = aRun("r3", { assistant_id: "asst_2", status: "in_progress" });
    const messages = [said("q"), answered("a", "r1"), answered("b", "r2", { assistant_id: "asst_2" })];
    expect(lines(held([...messages, answered("c", "r3")], { runs: [...runs, again] }))).toEqual(["q", "a + c"]);
    expect(lines(held([...messages, said("between"), answered("c", "r3")], { runs: [...runs, again] }))).toEqual(["q", "a + b", "between", "c"]);
  });

  it("has what is answered again where the deleted answer was, and keeps that here", () => {
    const runs = [aRun("r1", { turn_id: "t" }), aRun("r2", { turn_id: "t", assistant_id: "asst_2" })];
    const again = aRun("r3", { assistant_id: "asst_2" });
    const messages = [said("q"), answered("a", "r1")];
    const old = [answered("b", "r2")];
    const deleted = new Map([["r2", old]]);
    expect(lines(held(messages, { runs, deleted }))).toEqual(["q", "a + <r2>"]);
    expect(lines(held([...messages, answered("c", "r3")], { runs: [...runs, again] }))).toEqual(["q", "a + c"]);
    const [, turn] = entriesOf(held([...messages, answered("c", "r3")], { runs: [...runs, again], deleted }));
    expect((turn as Entry & { kind: "turn" }).answers[1]!.before[0]!.deleted).toBe(old);
  });

  it("leaves what another assistant does below a failure", () => {
    const runs = [aRun("r1", { status: "failed" }), aRun("r2", { assistant_id: "asst_2" })];
    expect(lines(held([answered("a", "r1"), answered("b", "r2")], { runs }))).toEqual(["a", "b"]);
  });

  it("knows which answer is the latest of its assistant", () => {
    const runs = [aRun("r1"), aRun("r2", { assistant_id: "asst_2" }), aRun("r3")];
    const messages = [answered("a", "r1"), answered("b", "r2"), said("q"), answered("c", "r3"), said("end")];
    const latest = entriesOf(held(messages, { runs })).flatMap((entry) => (entry.kind === "turn" ? entry.answers.map(({ latest }) => latest) : []));
    expect(latest).toEqual([false, true, true]);
  });

  it("tells which messages go on what their author has said, until something else or five minutes are between", () => {
    const at = (id: string, created_at: number, name = "Ann") => said(id, { created_at, metadata: { user_id: name, name } });
    const messages = [at("a", 1_000), at("b", 1_010), at("c", 1_310), at("d", 1_320, "Ben"), at("e", 1_330), at("f", 1_340)];
    const comings = [{ key: "c", text: "Di joined", after: "e" }];
    const going = (of: Held) => entriesOf(of).flatMap((entry) => (entry.kind === "message" && entry.continues ? [entry.message.id] : []));
    expect(going(held(messages))).toEqual(["b", "f"]);
    expect(going(held(messages, { comings }))).toEqual(["b"]);
  });

  it("has a line where a day begins, but not above the first and not backwards", () => {
    const at = (id: string, day: number, hour: number) => said(id, { created_at: new Date(2026, 0, day, hour).getTime() / 1000 });
    const messages = [at("a", 5, 10), at("b", 5, 23), at("c", 6, 0), at("d", 5, 23), at("e", 6, 9), at("f", 8, 1)];
    expect(lines(held(messages))).toEqual(["a", "b", "Tue Jan 06 2026", "c", "d", "e", "Thu Jan 08 2026", "f"]);
  });

  it("has no such line above what is on its way, whose time is that of another clock", () => {
    const at = (id: string, day: number, more: Partial<Message> = {}) => said(id, { created_at: new Date(2026, 0, day).getTime() / 1000, ...more });
    const [first, sent, next] = [at("a", 5), at("p", 7, { pending: true }), at("b", 6)];
    expect(lines(held([first, sent]))).toEqual(["a", "p"]);
    expect(lines(held([first, sent, next]))).toEqual(["a", "p", "Tue Jan 06 2026", "b"]);
  });

  it("knows which turn is the newest, whoever comes behind it", () => {
    const newest = (of: Held) => entriesOf(of).map((entry) => entry.kind === "turn" && entry.newest);
    const runs = [aRun("r1"), aRun("r2")];
    const messages = [answered("a", "r1"), answered("b", "r2")];
    const comings = [{ key: "c", text: "Ann left", after: "b" }];
    expect(newest(held(messages, { runs, comings }))).toEqual([false, true, false]);
    expect(newest(held([...messages, said("q")], { runs }))).toEqual([false, false, false]);
  });
});
