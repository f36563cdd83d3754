/** What the conversation says of messages and runs. */

import type { Message, Run } from "livethread";

/** The text of a message, its blocks below each other; what is no text says so. */
export function textOf(message: Message): string {
  return message.content
    .map((part) => {
      if (part?.type === "text") return part.text?.value ?? "";
      if (part?.type === "refusal") return part.refusal ?? "";
      return "";
    })
    .filter(Boolean)
    .join("\n\n");
}

/** Who wrote a message that no run wrote. */
export const authorOf = ({ role, metadata }: Message): string =>
  `${metadata?.name ?? ""}`.trim() || (role === "assistant" ? "Assistant" : "Somebody");

/** How a run stands, for those who wait for it. */
export interface Standing {
  kind: "busy" | "waiting" | "stopped" | "wrong";
  text: string;
  /** Why, in the words of whoever knows. */
  reason?: string;
  /** Whether running it again may help. */
  again?: boolean;
}

/**
 * How a run stands; null if there is nothing to say of it.
 *
 * @param writes - whether a message of it grows on the page
 */
export function standingOf(run: Run, writes: boolean): Standing | null {
  switch (run.status) {
    case "queued":
      return { kind: "waiting", text: "Waits for its turn" };
    case "in_progress":
      return writes ? null : { kind: "busy", text: "is thinking" };
    case "requires_action": {
      const calls = run.required_action?.submit_tool_outputs.tool_calls ?? [];
      const names = [...new Set(calls.map((call) => call.function.name))].join(", ");
      return { kind: "waiting", text: names ? `Waits for the output of ${names}` : "Waits for an action" };
    }
    case "cancelling":
      return { kind: "busy", text: "is being stopped" };
    case "cancelled":
      return { kind: "stopped", text: "Stopped" };
    case "failed":
      return { kind: "wrong", text: "Could not answer", reason: run.last_error?.message, again: true } as Standing;
    case "incomplete":
      return { kind: "wrong", text: "Ended early", reason: whyIncomplete(run), again: true };
    case "expired":
      return { kind: "wrong", text: "Took too long and was given up", again: true };
    default:
      return null;
  }
}

const INCOMPLETE: Readonly<Record<string, string>> = {
  max_completion_tokens: "The answer has as many tokens as it may have.",
  max_prompt_tokens: "The thread has more tokens than the assistant may read.",
  content_filter: "A filter of the model's provider has cut it off.",
};

function whyIncomplete(run: Run): string {
  const { reason = "" } = (run.incomplete_details as { reason?: string } | null) ?? {};
  return INCOMPLETE[reason] ?? (reason ? `The server says: ${reason}.` : "The server does not say why.");
}

/** JSON as one reads it; anything else as it is. */
export function pretty(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}

/** Names in a row: `Ann`, `Ann and Ben`, `Ann, Ben and 3 others`. */
export function row(names: readonly string[]): string {
  const [first = "", second, third] = names;
  if (!second) return first;
  if (!third) return `${first} and ${second}`;
  return names.length === 3 ? `${first}, ${second} and ${third}` : `${first}, ${second} and ${names.length - 2} others`;
}
