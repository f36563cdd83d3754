/** What becomes of runs, for those who cannot see it. */

import type { Run } from "livethread";
import { isActive } from "./runs";
import { row } from "./wording";

/** How far each run was that went on, as it was told: one that has begun does not begin again behind a call. */
export type Begun = ReadonlyMap<string, Told>;
type Told = "queued" | "waits" | "begun" | "calls";

const BAD: Readonly<Record<string, string>> = {
  failed: "could not answer",
  incomplete: "ended early",
  expired: "took too long",
};

export const begun = (before: Begun, runs: readonly Run[]): Begun =>
  new Map(runs.filter(isActive).map((run) => [run.id, told(before.get(run.id), run, runs)]));

function told(before: Told | undefined, run: Run, runs: readonly Run[]): Told {
  if (run.status === "requires_action") return "calls";
  if (run.status !== "queued" || before === "begun" || before === "calls") return "begun";
  // Most runs are queued for a moment only; this one waits for another.
  return before === "waits" || runs.some((other) => isActive(other) && other.status !== "queued") ? "waits" : "queued";
}

/** What is new of the runs, in a sentence for each kind. */
export function becomings(before: Begun, runs: readonly Run[], nameOf: (assistant_id: string | null) => string): string[] {
  const now = begun(before, runs);
  const names = (are: (run: Run) => boolean) => runs.filter(are).map((run) => nameOf(run.assistant_id)).reverse();
  const sentences = [
    some(names(({ id }) => now.get(id) === "waits" && before.get(id) !== "waits"), "waits for its turn", "wait for their turn"),
    some(names(({ id }) => now.get(id) === "begun" && !isBegun(before.get(id))), "is answering", "are answering"),
    some(names(({ id, status }) => status === "cancelled" && before.has(id)), "was stopped", "were stopped"),
  ].filter(Boolean);
  for (const run of runs) {
    const name = nameOf(run.assistant_id);
    if (now.get(run.id) === "calls" && before.get(run.id) !== "calls") sentences.push(`${name} waits for the output of ${callsOf(run)}`);
    if (before.has(run.id) && BAD[run.status]) {
      sentences.push([`${name} ${BAD[run.status]}`, run.last_error?.message].filter(Boolean).join(": "));
    }
  }
  return sentences;
}

const isBegun = (told: Told | undefined): boolean => told === "begun" || told === "calls";

const some = (names: readonly string[], is: string, are: string): string =>
  names.length ? `${row(names)} ${names.length === 1 ? is : are}` : "";

const callsOf = (run: Run): string =>
  row([...new Set(run.required_action?.submit_tool_outputs.tool_calls.map((call) => call.function.name))]) || "a tool";
