/** The calls that a run waits for. */

import type { Tools } from "./tools.js";
import type { Run } from "./types.js";

/** The calls that a run waits for; empty if it waits for none. */
export const callsOf = (run: Run) =>
  (run.status === "requires_action" && run.required_action?.submit_tool_outputs.tool_calls) || [];

/** Whether a run waits, and for nothing but these functions. */
export const canAnswer = (tools: Tools, run: Run): boolean => {
  const calls = callsOf(run);
  return calls.length > 0 && calls.every((call) => Object.hasOwn(tools, call.function.name));
};
