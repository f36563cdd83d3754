/** Objects of the API, as tests need them. */

import type { Message, Run, RunStep } from "livethread";

let second = 0;

/** What somebody said. */
export const said = (id: string, more: Partial<Message> = {}): Message => ({
  id,
  object: "thread.message",
  thread_id: "thread_1",
  created_at: ++second,
  role: "user",
  status: "completed",
  content: [{ type: "text", text: { value: `I am ${id}`, annotations: [] } }],
  run_id: null,
  assistant_id: null,
  metadata: { name: "Ann", user_id: "ann" },
  ...more,
});

/** A message of a run. */
export const answered = (id: string, run_id: string, more: Partial<Message> = {}): Message =>
  said(id, { role: "assistant", run_id, assistant_id: "asst_1", metadata: {}, ...more });

export const aRun = (id: string, more: Partial<Run> = {}): Run => ({
  id,
  object: "thread.run",
  thread_id: "thread_1",
  created_at: second,
  assistant_id: "asst_1",
  status: "completed",
  required_action: null,
  last_error: null,
  metadata: {},
  turn_id: null,
  ...more,
});

/** The step of a message, or of calls of these functions. */
export const aStep = (run_id: string, of: string | string[]): RunStep => ({
  id: `step_${run_id}_${of}`,
  object: "thread.run.step",
  thread_id: "thread_1",
  run_id,
  status: "completed",
  step_details:
    typeof of === "string"
      ? { type: "message_creation", message_creation: { message_id: of } }
      : {
          type: "tool_calls",
          tool_calls: of.map((name) => ({ id: `call_${name}`, type: "function", function: { name, arguments: "{}", output: null } })),
        },
});

export const text = (value: string): Message["content"] => [{ type: "text", text: { value, annotations: [] } }];
