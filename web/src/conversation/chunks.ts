/**
 * The entries of a thread in chunks that stay what they are: a message that grows makes one chunk another object, and
 * a page renders no other, however long the thread is.
 */

import type { Message } from "livethread";
import { type Answer, type Entry, entriesOf, type Held, type Part } from "./entries";

/** Entries that follow each other. */
export interface Chunk {
  /** That of the entry which it began with. */
  readonly key: string;
  readonly entries: readonly Entry[];
}

/** A thread, arranged. Never changed: `arranged` makes another. */
export interface Arrangement {
  readonly held: Held;
  /** Oldest first. */
  readonly chunks: readonly Chunk[];
  /** Where each message stands: the chunk, and the entry within it. */
  readonly places: ReadonlyMap<string, readonly [chunk: number, entry: number]>;
  /** The keys that chunks begin with. */
  readonly borders: ReadonlySet<string>;
}

const NOBODY: Held = { messages: [], has_more: false, runs: [], run_steps: [], comings: [] };
export const EMPTY: Arrangement = { held: NOBODY, chunks: [], places: new Map(), borders: new Set() };

const SIZE = 24;

/** Arrange what is held now, of which most is as before. */
export function arranged(before: Arrangement, held: Held): Arrangement {
  const { runs, run_steps, comings, has_more } = before.held;
  const alike =
    runs === held.runs && run_steps === held.run_steps && comings === held.comings && has_more === held.has_more;
  const changed = alike ? changes(before.held.messages, held.messages) : null;
  if (changed) return changed.length ? patched(before, held, changed) : { ...before, held };
  return anew(before, held);
}

/** The messages that have another text and are otherwise the same; null if more than that has changed. */
function changes(before: readonly Message[], now: readonly Message[]): Message[] | null {
  if (before.length !== now.length) return null;
  const changed: Message[] = [];
  for (let at = 0; at < now.length; at++) {
    const message = now[at]!;
    const known = before[at]!;
    if (message === known) continue;
    if (message.id !== known.id || message.status !== known.status || message.run_id !== known.run_id) return null;
    changed.push(message);
  }
  return changed;
}

function patched(before: Arrangement, held: Held, changed: readonly Message[]): Arrangement {
  const chunks = [...before.chunks];
  for (const message of changed) {
    const [at, index] = before.places.get(message.id) ?? [];
    const chunk = chunks[at!];
    if (!chunk) continue; // of a run whose messages show nowhere
    const entries = [...chunk.entries];
    entries[index!] = withMessage(entries[index!]!, message);
    chunks[at!] = { ...chunk, entries };
  }
  return { ...before, held, chunks };
}

function withMessage(entry: Entry, message: Message): Entry {
  if (entry.kind === "message") return { ...entry, message };
  if (entry.kind === "coming") return entry;
  const with_ = (part: Part): Part => (part.kind !== "calls" && part.message.id === message.id ? { ...part, message } : part);
  const answers = entry.answers.map((answer) =>
    answer.run_id === message.run_id ? { ...answer, parts: answer.parts.map(with_) } : answer,
  );
  return { ...entry, answers };
}

function anew(before: Arrangement, held: Held): Arrangement {
  const known = new Map(before.chunks.flatMap(({ entries }) => entries.map((entry) => [entry.key, entry])));
  const entries = entriesOf(held).map((entry) => kept(known.get(entry.key), entry));

  const cuts: Entry[][] = [];
  for (const entry of entries) {
    const last = cuts.at(-1);
    if (!last || last.length >= SIZE || before.borders.has(entry.key)) cuts.push([entry]);
    else last.push(entry);
  }
  const old = new Map(before.chunks.map((chunk) => [chunk.key, chunk]));
  const chunks = cuts.map((entries): Chunk => {
    const key = entries[0]!.key;
    const chunk = old.get(key);
    return chunk && isSame(chunk.entries, entries) ? chunk : { key, entries };
  });
  const places = new Map<string, readonly [number, number]>();
  chunks.forEach((chunk, at) => {
    chunk.entries.forEach((entry, index) => {
      for (const message of messagesOf(entry)) places.set(message.id, [at, index]);
    });
  });
  return { held, chunks, places, borders: new Set(chunks.map(({ key }) => key)) };
}

/** The messages of an entry. */
export function messagesOf(entry: Entry): Message[] {
  if (entry.kind === "message") return [entry.message];
  if (entry.kind === "coming") return [];
  return entry.answers.flatMap(({ parts }) => parts.flatMap((part) => (part.kind === "calls" ? [] : [part.message])));
}

/** The entry as it was, if it still is. */
function kept(before: Entry | undefined, now: Entry): Entry {
  if (before?.kind === "message" && now.kind === "message") return before.message === now.message ? before : now;
  if (before?.kind === "coming" && now.kind === "coming") return before;
  if (before?.kind !== "turn" || now.kind !== "turn") return now;
  const answers = now.answers.map((answer) => keptAnswer(before.answers.find(({ run_id }) => run_id === answer.run_id), answer));
  return before.newest === now.newest && isSame(before.answers, answers) ? before : { ...now, answers };
}

function keptAnswer(before: Answer | undefined, now: Answer): Answer {
  if (!before || before.run !== now.run || before.parts.length !== now.parts.length) return now;
  const same = now.parts.every((part, index) => isSamePart(before.parts[index]!, part));
  return same ? before : now;
}

const isSamePart = (a: Part, b: Part): boolean =>
  a.kind === b.kind && (a.kind === "calls" ? a.step === (b as typeof a).step : a.message === (b as typeof a).message);

const isSame = <T>(a: readonly T[], b: readonly T[]): boolean =>
  a.length === b.length && a.every((one, index) => one === b[index]);
