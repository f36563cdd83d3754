import type { Message, Run, Status, ToolCall } from "livethread";
import { beforeEach, describe, expect, it } from "vitest";
import { announced, comings, type Heard, NOTHING_HEARD } from "../../src/conversation/announcements";
import { answered, aRun, aStep, said, text } from "./things";

let heard: Heard;
beforeEach(() => {
  heard = NOTHING_HEARD;
});

/** Newest first. */
const hear = (messages: Message[], runs: Run[] = [], status: Status = "live"): string[] => {
  const told = announced(heard, { messages, runs, status }, "me", () => "Ada");
  heard = told.heard;
  return told.sentences;
};
const by = (id: string, user_id: string, name = "Ben") => said(id, { metadata: { user_id, name } });

describe("a screen reader is told", () => {
  it("nothing of what was there before", () => {
    expect(hear([], [], "connecting")).toEqual([]);
    expect(hear([by("b", "ben"), by("a", "ben")])).toEqual([]);
  });

  it("what others say, once, and not what the reader says", () => {
    const before = [by("a", "ben")];
    hear(before);
    const now = [by("c", "me"), by("b", "ben"), ...before];
    expect(hear(now)).toEqual(["Ben: I am b"]);
    expect(hear(now)).toEqual([]);
  });

  it("the first message of a thread that was empty", () => {
    hear([]);
    expect(hear([by("a", "ben")])).toEqual(["Ben: I am a"]);
  });

  it("an answer when it is whole, and never while it grows", () => {
    const question = by("q", "me");
    const growing = (value: string) => answered("a", "r1", { status: "in_progress", content: text(value) });
    hear([question]);
    expect(hear([growing("On"), question])).toEqual([]);
    expect(hear([growing("Once **up"), question])).toEqual([]);
    expect(hear([answered("a", "r1", { content: text("Once **upon** a time.") }), question])).toEqual(["Ada: Once upon a time."]);
  });

  it("an answer that was growing when the page was opened", () => {
    const growing = answered("a", "r1", { status: "in_progress" });
    hear([growing]);
    expect(hear([{ ...growing, status: "completed" }])).toEqual(["Ada: I am a"]);
  });

  it("answers that end one after the other, each in its time, whatever was said meanwhile", () => {
    const growing = ["a", "b"].map((id) => answered(id, `run_${id}`, { status: "in_progress" }));
    hear([]);
    expect(hear([by("c", "ben"), ...growing])).toEqual(["Ben: I am c"]);
    expect(hear([by("c", "ben"), growing[0]!, { ...growing[1]!, status: "completed" }])).toEqual(["Ada: I am b"]);
    expect(hear([by("c", "ben"), { ...growing[0]!, status: "completed" }, { ...growing[1]!, status: "completed" }])).toEqual(["Ada: I am a"]);
  });

  it("nothing of older messages that are loaded", () => {
    const newest = by("z", "ben");
    hear([newest]);
    expect(hear([newest, by("a", "ben"), by("b", "ben")])).toEqual([]);
  });

  it("how many there are, when many come at once", () => {
    const first = by("0", "ben");
    hear([first]);
    expect(hear([...["5", "4", "3", "2", "1"].map((id) => by(id, "ben")), first])).toEqual(["5 new messages"]);
  });

  it("nothing of what is still being sent", () => {
    hear([]);
    expect(hear([said("pending_1", { pending: true, metadata: { user_id: "other", name: "Ben" } })])).toEqual([]);
  });

  it("that a run failed, and why", () => {
    const run = aRun("r1", { status: "in_progress" });
    hear([], [run]);
    expect(hear([], [{ ...run, status: "failed", last_error: { code: "server_error", message: "The moon is full." } }])).toEqual([
      "Ada could not answer: The moon is full.",
    ]);
  });

  it("that an answer was begun, once, that it waits for a tool, and that it was stopped", () => {
    const calls = aStep("r1", ["look", "find"]).step_details as { tool_calls: ToolCall[] };
    const waiting = { type: "submit_tool_outputs" as const, submit_tool_outputs: calls };
    const now = (run: Partial<Run>) => hear([], [aRun("r1", run)]);
    hear([]);
    expect(now({ status: "queued" })).toEqual([]);
    expect(now({ status: "in_progress" })).toEqual(["Ada is answering"]);
    expect(now({ status: "requires_action", required_action: waiting })).toEqual(["Ada waits for the output of look and find"]);
    expect(now({ status: "in_progress" })).toEqual([]);
    expect(now({ status: "cancelled" })).toEqual(["Ada was stopped"]);
    expect(now({ status: "cancelled" })).toEqual([]);
  });

  it("that an answer waits for another to end", () => {
    const first = aRun("r1", { status: "in_progress" });
    const second = aRun("r2", { status: "queued" });
    hear([], [first]);
    expect(hear([], [second, first])).toEqual(["Ada waits for its turn"]);
    expect(hear([], [second, first])).toEqual([]);
    expect(hear([], [{ ...second, status: "in_progress" }, { ...first, status: "completed" }])).toEqual(["Ada is answering"]);
  });

  it("of several that begin in one sentence, and nothing of those that went on before", () => {
    const runs = ["r3", "r2", "r1"].map((id) => aRun(id, { status: "in_progress", assistant_id: id }));
    expect(hear([], runs)).toEqual([]);
    heard = NOTHING_HEARD;
    hear([]);
    expect(hear([], runs)).toEqual(["Ada, Ada and Ada are answering"]);
  });
});

describe("who comes and goes", () => {
  const people = (...names: string[]) => names.map((name) => ({ user_id: name, name }));

  it.each([
    [people("Ann"), people("Ann", "Ben"), ["Ben joined"]],
    [people("Ann", "Ben"), people("Ann"), ["Ben left"]],
    [people("Ann"), people("Ben", "Cy", "Di", "Ed"), ["Ben, Cy and 2 others joined", "Ann left"]],
    [people("Ann"), people("Ann"), []],
  ])("is said in a line", (before, now, lines) => {
    expect(comings(before, now)).toEqual(lines);
  });

  it("is known by id and not by name", () => {
    expect(comings([{ user_id: "1", name: "Ann" }], [{ user_id: "1", name: "Anna" }])).toEqual([]);
  });
});
