/**
 * The entries of a thread in chunks, and these in sections, which stay what they are: a message that grows makes one of
 * each another object, and a page renders no other, however long the thread is.
 */

import type { Message } from "livethread";
import { type Answer, type Entry, entriesOf, type Held, type Part } from "./entries";
import { cut, isSame, type Piece } from "./pieces";
import { isSameAuthor } from "./rows";

export type Chunk = Piece<Entry>;
export type Section = Piece<Chunk>;

/** A thread, arranged. Never changed: `arranged` makes another. */
export interface Arrangement {
  readonly held: Held;
  /** Oldest first. */
  readonly sections: readonly Section[];
  /** Where each message stands. */
  readonly places: ReadonlyMap<string, Place>;
}

type Place = readonly [section: number, chunk: number, entry: number];

const NOBODY: Held = { messages: [], has_more: false, runs: [], run_steps: [], comings: [], deleted: new Map() };
export const EMPTY: Arrangement = { held: NOBODY, sections: [], places: new Map() };

/** Entries of a chunk, and chunks of a section. */
const SIZE = 24;

/** Arrange what is held now, of which most is as before. */
export function arranged(before: Arrangement, held: Held): Arrangement {
  const { runs, run_steps, comings, has_more, deleted } = before.held;
  const alike =
    runs === held.runs &&
    run_steps === held.run_steps &&
    comings === held.comings &&
    has_more === held.has_more &&
    deleted === held.deleted;
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
    if (!isSameAuthor(message, known)) return null;
    changed.push(message);
  }
  return changed;
}

function patched(before: Arrangement, held: Held, changed: readonly Message[]): Arrangement {
  let sections = before.sections;
  for (const message of changed) {
    const place = before.places.get(message.id);
    if (!place) continue; // of a run that shows nowhere
    const [section, chunk, entry] = place;
    sections = replaced(sections, section, (one) => ({
      ...one,
      items: replaced(one.items, chunk, (one) => ({
        ...one,
        items: replaced(one.items, entry, (one) => withMessage(one, message)),
      })),
    }));
  }
  return { ...before, held, sections };
}

const replaced = <T>(list: readonly T[], at: number, by: (one: T) => T): T[] => list.with(at, by(list[at]!));

function withMessage(entry: Entry, message: Message): Entry {
  if (entry.kind === "message") return { ...entry, message };
  if (entry.kind !== "turn") return entry;
  return { ...entry, answers: entry.answers.map((answer) => answerWith(answer, message)) };
}

function answerWith(answer: Answer, message: Message): Answer {
  const with_ = (part: Part): Part => (part.kind !== "calls" && part.message.id === message.id ? { ...part, message } : part);
  if (answer.run_id === message.run_id) return { ...answer, parts: answer.parts.map(with_) };
  if (!answer.before.some(({ run_id }) => run_id === message.run_id)) return answer;
  return { ...answer, before: answer.before.map((one) => answerWith(one, message)) };
}

function anew(before: Arrangement, held: Held): Arrangement {
  const chunks = before.sections.flatMap(({ items }) => items);
  const known = new Map(chunks.flatMap(({ items }) => items.map((entry) => [entry.key, entry])));
  const entries = entriesOf(held).map((entry) => kept(known.get(entry.key), entry));
  const sections = cut(before.sections, cut(chunks, entries, SIZE), SIZE);
  const places = new Map<string, Place>();
  sections.forEach((section, s) => {
    section.items.forEach((chunk, c) => {
      chunk.items.forEach((entry, e) => {
        for (const message of messagesOf(entry)) places.set(message.id, [s, c, e]);
      });
    });
  });
  return { held, sections, places };
}

/** The messages of an entry. */
function messagesOf(entry: Entry): Message[] {
  if (entry.kind === "message") return [entry.message];
  if (entry.kind !== "turn") return [];
  const answers = entry.answers.flatMap((answer) => [...answer.before, answer]);
  return answers.flatMap(({ parts }) => parts.flatMap((part) => (part.kind === "calls" ? [] : [part.message])));
}

/** The entry as it was, if it still is. */
function kept(before: Entry | undefined, now: Entry): Entry {
  if (before?.kind === "message" && now.kind === "message") {
    return before.message === now.message && before.continues === now.continues ? before : now;
  }
  if (before?.kind === "coming" && now.kind === "coming") return before;
  if (before?.kind === "day" && now.kind === "day") return before.at === now.at ? before : now;
  if (before?.kind !== "turn" || now.kind !== "turn") return now;
  const answers = now.answers.map((answer) => keptAnswer(before.answers.find(({ run_id }) => run_id === answer.run_id), answer));
  return before.newest === now.newest && isSame(before.answers, answers) ? before : { ...now, answers };
}

function keptAnswer(before: Answer | undefined, now: Answer): Answer {
  if (!before || before.run !== now.run || before.latest !== now.latest) return now;
  if (before.deleted !== now.deleted && (before.deleted.length || now.deleted.length)) return now;
  const earlier = now.before.map((one, index) => keptAnswer(before.before[index], one));
  const same =
    isSame(before.before, earlier) &&
    before.parts.length === now.parts.length &&
    now.parts.every((part, index) => isSamePart(before.parts[index]!, part));
  return same ? before : { ...now, before: earlier };
}

const isSamePart = (a: Part, b: Part): boolean =>
  a.kind === b.kind && (a.kind === "calls" ? a.step === (b as typeof a).step : a.message === (b as typeof a).message);
