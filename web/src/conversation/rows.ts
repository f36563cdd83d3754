/** Messages of one author in a row, of which the first says whose they are; and where a day begins. */

import type { Message } from "livethread";
import type { Entry } from "./entries";

/** Seconds after which somebody begins anew. */
const TOGETHER = 5 * 60;

export function inRows(entries: readonly Entry[]): Entry[] {
  const rows: Entry[] = [];
  let midnight = Number.NaN;
  for (const entry of entries) {
    const at = timeOf(entry);
    // By the log and not by clock: only forward, where a server's clock was set back.
    if (at >= midnight) rows.push({ kind: "day", key: `day_${entry.key}`, at });
    if (Number.isFinite(at) && !(at < midnight)) midnight = midnightAfter(at);
    const above = rows.at(-1);
    const continues = entry.kind === "message" && above?.kind === "message" && follows(above.message, entry.message);
    rows.push(continues ? { ...entry, continues } : entry);
  }
  return rows;
}

const follows = (above: Message, message: Message): boolean =>
  isSameAuthor(above, message) && message.created_at - above.created_at < TOGETHER;

/** Whether two messages are by the same author, under the same name. */
export const isSameAuthor = (a: Message, b: Message): boolean =>
  a.role === b.role &&
  a.assistant_id === b.assistant_id &&
  a.metadata?.user_id === b.metadata?.user_id &&
  a.metadata?.name === b.metadata?.name;

function timeOf(entry: Entry): number {
  if (entry.kind === "message") return entry.message.pending ? Number.NaN : entry.message.created_at; // by another clock
  if (entry.kind !== "turn") return Number.NaN;
  const { run, parts } = entry.answers[0]!;
  for (const part of parts) if (part.kind !== "calls") return part.message.created_at;
  return Number(run?.created_at ?? Number.NaN);
}

function midnightAfter(at: number): number {
  return new Date(at * 1000).setHours(24, 0, 0, 0) / 1000;
}
