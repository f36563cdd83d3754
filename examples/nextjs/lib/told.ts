// What goes to the page: the events of /api/stream, and what they say of messages and runs.
import type { AssistantStreamEvent } from "openai/resources/beta/assistants";
import type { Message } from "openai/resources/beta/threads/messages";
import type { Run } from "openai/resources/beta/threads/runs/runs";

export interface Told {
  /** Which thread it is; where the page asked for it, with all that stands in it. */
  thread: { id: string; said?: Said[] };
  /** A message as it is now: it begins, begins anew, or is whole. One without text is not to be shown. */
  message: Said;
  /** A message goes on. */
  text: { id: string; text: string };
  /** A function is called. */
  tool: { id: string; name: string; arguments: string };
  error: { message: string };
  /** Nothing more comes; without a status nobody knows how the run has ended. */
  done: { status: Run["status"] | null };
}
export type Tell = <Name extends keyof Told>(event: Name, data: Told[Name]) => void;

export interface Said {
  id: string;
  role: "user" | "assistant";
  text: string;
}

const OVER: readonly string[] = ["completed", "failed", "cancelled", "expired", "incomplete"] satisfies Run["status"][];

export const isOver = ({ status }: Run) => OVER.includes(status);

/** Why a run has no whole answer, unless it has one or was stopped. */
export function why({ status, last_error, incomplete_details }: Run): string | null {
  if (status === "failed") return `The answer failed: ${last_error?.message ?? "no reason was given"}`;
  if (status === "expired") return "The answer took too long, and was given up.";
  if (status === "incomplete") return `The answer was cut short: ${incomplete_details?.reason ?? "no reason was given"}`;
  return null;
}

export const saidBy = ({ id, role, content }: Message): Said => ({
  id,
  role,
  text: content.map((part) => (part.type === "text" ? part.text.value : "")).join(""),
});

/** A message that broke off, and that its run wrote again, after the server was started again. */
export const isWrittenAgain = (message: Message, among: Message[]) =>
  message.status === "incomplete" &&
  among.some(({ id, run_id, created_at }) => {
    return id !== message.id && run_id === message.run_id && created_at >= message.created_at;
  });

/** Tells of the events of a run. */
export function telling(tell: Tell): (event: AssistantStreamEvent) => void {
  let half: Said | null = null;

  return ({ data }) => {
    if (!("object" in data)) return;
    if (data.object === "thread") tell("thread", { id: data.id });
    if (data.object === "thread.message") {
      if (half && half.id !== data.id) tell("message", { ...half, text: "" }); // it is written again
      half = data.status === "incomplete" ? saidBy(data) : null;
      tell("message", saidBy(data));
    }
    if (data.object === "thread.message.delta") {
      for (const part of data.delta.content ?? []) {
        if (part.type === "text") tell("text", { id: data.id, text: part.text?.value ?? "" });
      }
    }
    if (data.object === "thread.run" && data.status === "requires_action") {
      for (const { id, function: called } of data.required_action?.submit_tool_outputs.tool_calls ?? []) {
        tell("tool", { id, name: called.name, arguments: called.arguments });
      }
    }
  };
}
