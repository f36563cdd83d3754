// What stands in the conversation, as a fold of the events that tell of it.
import type { ServerSentEvent } from "../lib/sse.ts";
import type { Said, Told } from "../lib/told.ts";

/** A message, or a call of a function. */
export interface Line {
  id: string;
  role: Said["role"] | "tool";
  text: string;
}

/** The lines after one more event; one that tells of a known line changes that one. */
export function folded(lines: Line[], { event, data }: ServerSentEvent): Line[] {
  const told: unknown = JSON.parse(data);
  if (event === "thread") return (told as Told["thread"]).said ?? lines;
  if (event === "message") return put(lines, told as Told["message"]);
  if (event === "text") {
    const { id, text } = told as Told["text"];
    return lines.map((line) => (line.id === id ? { ...line, text: line.text + text } : line));
  }
  if (event === "tool") {
    const { id, name, arguments: args } = told as Told["tool"];
    return put(lines, { id, role: "tool", text: `${name}(${args})` });
  }
  return lines;
}

export const put = (lines: Line[], line: Line): Line[] =>
  lines.some(({ id }) => id === line.id) ? lines.map((old) => (old.id === line.id ? line : old)) : [...lines, line];
