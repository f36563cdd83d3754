/**
 * The objects of the API, as far as this package reads them, and the state that it makes of them.
 * Whatever else the server sends with an object stays in it.
 */

/** A block of a message's content. */
export type Content =
  | { type: "text"; text: { value: string; annotations: unknown[] } }
  | { type: "refusal"; refusal: string }
  | { type: "image_file"; image_file: { file_id: string; detail?: string } }
  | { type: "image_url"; image_url: { url: string; detail?: string } };

export interface Message {
  id: string;
  object: "thread.message";
  thread_id: string;
  created_at: number;
  role: "user" | "assistant";
  status: "in_progress" | "completed" | "incomplete";
  content: Content[];
  run_id: string | null;
  assistant_id: string | null;
  metadata: Record<string, string>;
  /** True while it is only shown here: the server has not answered yet, and `id` is made up. */
  pending?: true;
  [field: string]: unknown;
}

export interface ToolCall {
  id: string;
  type: "function";
  function: { name: string; arguments: string; output?: string | null };
}

export interface Run {
  id: string;
  object: "thread.run";
  thread_id: string;
  assistant_id: string;
  status:
    | "queued"
    | "in_progress"
    | "requires_action"
    | "cancelling"
    | "cancelled"
    | "failed"
    | "completed"
    | "incomplete"
    | "expired";
  required_action: { type: "submit_tool_outputs"; submit_tool_outputs: { tool_calls: ToolCall[] } } | null;
  last_error: { code: string; message: string } | null;
  metadata: Record<string, string>;
  [field: string]: unknown;
}

export interface RunStep {
  id: string;
  object: "thread.run.step";
  thread_id: string;
  run_id: string;
  status: "in_progress" | "cancelled" | "failed" | "completed" | "expired";
  step_details:
    | { type: "message_creation"; message_creation: { message_id: string } }
    | { type: "tool_calls"; tool_calls: ToolCall[] };
  [field: string]: unknown;
}

export interface Thread {
  id: string;
  object: "thread";
  created_at: number;
  metadata: Record<string, string>;
  [field: string]: unknown;
}

/** Somebody who watches the thread by name. */
export interface Person {
  user_id: string;
  name: string;
  typing: boolean;
}

/** How the connection to the thread's stream stands. */
export type Status = "connecting" | "live" | "reconnecting" | "offline";

/** A thread at one moment. Nothing in it changes later; what has not changed since is the same object. */
export interface ThreadState {
  /** Null until it is known, and once it is deleted. */
  thread: Thread | null;
  /** Newest first, pending ones in front; those that grow with their text so far. */
  messages: readonly Message[];
  /** Whether the thread has older messages than these. */
  has_more: boolean;
  /** Newest first. */
  runs: readonly Run[];
  /** Oldest first. */
  run_steps: readonly RunStep[];
  people: readonly Person[];
  /** How many connections look on, those of people among them. */
  viewers: number;
  status: Status;
  /** Why nothing comes, while that is so; else what went wrong with the last call, until the next one. */
  error: Error | null;
  deleted: boolean;
}
