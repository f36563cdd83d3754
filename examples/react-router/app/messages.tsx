import { memo } from "react";
import type { Message, Run } from "./thread";

/** The assistants' names, by id. */
export type Names = Record<string, string>;

/** Messages, from the oldest on. The newest stays in view by the style sheet alone. */
export function Messages({ label, thread, names }: { label: string; thread: Message[]; names: Names }) {
  return (
    <section>
      <h2>{label}</h2>
      <div className="scroll" role="log" aria-label={label} tabIndex={0}>
        <ol>
          {thread.toReversed().map((message) => (
            <Line key={message.id} message={message} author={authorOf(message, names)} />
          ))}
        </ol>
      </div>
    </section>
  );
}

const Line = memo(function Line({ message, author }: { message: Message; author: string }) {
  return (
    <li className={message.role} data-message-id={message.id}>
      <b>{author}</b> <span>{message.content.map(textOf).join("\n")}</span>
      {message.status === "incomplete" && <em> (not finished)</em>}
    </li>
  );
});

function authorOf({ role, assistant_id }: Message, names: Names): string {
  return role === "user" ? "User" : (names[assistant_id ?? ""] ?? "Assistant");
}

function textOf(part: Message["content"][number]): string {
  if (part.type === "text") return part.text.value;
  return part.type === "refusal" ? part.refusal : "[an image]";
}

/** What must be said of the newest run of each assistant; nothing of one that is at work or has done it. */
export function endings(runs: Run[], names: Names): string[] {
  const newest = new Map(runs.toReversed().map((run) => [run.assistant_id, run])).values();
  return [...newest].flatMap((run) => ending(run, names[run.assistant_id] ?? "The assistant") ?? []);
}

function ending(run: Run, name: string): string | undefined {
  switch (run.status) {
    case "failed":
      return `${name} could not answer: ${run.last_error?.message ?? "it did not say why."}`;
    case "incomplete":
      return `${name} stopped before the end: ${run.incomplete_details?.reason ?? "it did not say why"}.`;
    case "cancelled":
      return `${name} was stopped.`;
    case "expired":
      return `${name} took too long and was stopped.`;
    case "requires_action": {
      const calls = run.required_action?.submit_tool_outputs.tool_calls ?? [];
      const functions = calls.map((call) => call.function.name).join(", ");
      return `${name} waits for what ${functions} returns, which this page cannot tell. Stop ends it.`;
    }
  }
}
