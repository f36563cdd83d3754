/** A thread as it is read: what people said, and turns of answers, oldest first. By the log, never by clock. */

import type { Message, Run, RunStep } from "livethread";
import { inPlace, isGone, withLatest } from "./attempts";
import { inRows } from "./rows";
import { isActive } from "./runs";

/** A piece of an answer: a message, or the calls that the assistant made. */
export type Part =
  | { readonly kind: "message"; readonly message: Message }
  /** What was written before the server was restarted, and then written again. */
  | { readonly kind: "superseded"; readonly message: Message }
  | { readonly kind: "calls"; readonly step: RunStep };

/** What one run has done. */
export interface Answer {
  readonly run_id: string;
  readonly assistant_id: string | null;
  /** Null if it is so old that only its messages are here. */
  readonly run: Run | null;
  readonly parts: readonly Part[];
  /** What its assistant tried before in its place, oldest first. */
  readonly before: readonly Answer[];
  /** What it had said until this page deleted that, to have it answer again. */
  readonly deleted: readonly Message[];
  /** Whether its assistant has done nothing below it. */
  readonly latest: boolean;
}

/** Somebody has come or gone, as this page saw it. */
export interface Coming {
  readonly key: string;
  readonly text: string;
  /** The newest message at that moment; null if there was none. */
  readonly after: string | null;
}

/** What stands below each other. `newest` is the last of them that is a message or a turn. */
export type Entry =
  | {
      readonly kind: "message";
      readonly key: string;
      readonly message: Message;
      /** Whether its author has just said what stands above it. */
      readonly continues: boolean;
    }
  /** Answers of one turn, which stand beside each other. */
  | { readonly kind: "turn"; readonly key: string; readonly answers: readonly Answer[]; readonly newest: boolean }
  | { readonly kind: "coming"; readonly key: string; readonly coming: Coming }
  /** A day begins, with something at this time. */
  | { readonly kind: "day"; readonly key: string; readonly at: number };

/** What entries are made of, as the thread's state has it. */
export interface Held {
  /** Newest first. */
  readonly messages: readonly Message[];
  readonly has_more: boolean;
  /** Newest first. */
  readonly runs: readonly Run[];
  /** Oldest first. */
  readonly run_steps: readonly RunStep[];
  readonly comings: readonly Coming[];
  /** What this page has deleted to have it answered again, by the run that had said it. */
  readonly deleted: ReadonlyMap<string, readonly Message[]>;
}

/** The entries of what is held, oldest first. */
export function entriesOf(held: Held): Entry[] {
  const turns = turnsOf(held);
  const entries: Entry[] = [];
  const comings = grouped(held.comings, ({ after }) => after);
  const come = (after: string | null) => {
    for (const coming of comings.get(after) ?? []) entries.push({ kind: "coming", key: coming.key, coming });
  };
  const add = (turn: Turn) => {
    entries.push({ kind: "turn", key: turn.key, answers: turn.answers, newest: false });
  };

  const silent = [...turns.silent];
  const oldest = held.messages.at(-1);
  if (held.has_more && oldest) while (silent[0] && silent[0].ended < oldest.created_at) silent.shift();
  const given = new Set<Turn>();
  come(null);
  for (const message of [...held.messages].reverse()) {
    const turn = message.run_id ? turns.of.get(message.run_id) : undefined;
    // A run that has ended without a message has its place nowhere but in time; in the same second, above what began later.
    const isAbove = ({ ended, order }: Turn) =>
      ended < message.created_at || (ended === message.created_at && !!turn && order < turn.order);
    while (silent[0] && isAbove(silent[0])) add(silent.shift()!);
    if (!turn) entries.push({ kind: "message", key: message.id, message, continues: false });
    else if (!given.has(turn)) {
      given.add(turn);
      add(turn);
    }
    come(message.id);
  }
  silent.forEach(add);
  turns.waiting.forEach(add);
  return inRows(withLatest(withNewest(inPlace(entries))));
}

interface Turn {
  key: string;
  answers: Answer[];
  /** Seconds since the epoch; of a turn without messages. */
  ended: number;
  /** Those that began earlier have less. */
  order: number;
}

function turnsOf({ messages, runs, run_steps, deleted }: Held) {
  const said = grouped([...messages].reverse().filter(({ run_id }) => run_id), ({ run_id }) => run_id!);
  const steps = grouped(run_steps, ({ run_id }) => run_id);
  const known = new Map(runs.map((run) => [run.id, run]));
  const of = new Map<string, Turn>();
  const turns = new Map<string, { turn: Turn; runs: Run[]; said: boolean }>();

  for (const run of [...runs].reverse()) {
    const own = said.get(run.id) ?? [];
    const key = typeof run.turn_id === "string" ? run.turn_id : run.id;
    const known = turns.get(key) ?? { turn: { key, answers: [], ended: 0, order: turns.size }, runs: [], said: false };
    turns.set(key, known);
    of.set(run.id, known.turn);
    known.runs.push(run);
    known.said ||= own.length > 0;
    known.turn.ended = Math.max(known.turn.ended, endOf(run));
    const gone = run.status === "completed" && !own.length; // its messages were deleted, or there were none
    const parts = gone ? [] : partsOf(own, steps.get(run.id) ?? [], run);
    known.turn.answers.push(anAnswer(run.id, run.assistant_id, run, parts, deleted.get(run.id)));
  }
  for (const [run_id, own] of said) {
    if (known.has(run_id)) continue;
    const parts = partsOf(own, [], null);
    of.set(run_id, { key: run_id, answers: [anAnswer(run_id, own[0]!.assistant_id, null, parts)], ended: 0, order: -1 });
  }

  const without = [...turns.values()].filter(({ said, turn }) => !said && !turn.answers.every(isGone));
  const [waiting, ended] = [without.filter(({ runs }) => runs.some(isActive)), without.filter(({ runs }) => !runs.some(isActive))];
  return {
    of,
    waiting: waiting.map(({ turn }) => turn),
    silent: ended.map(({ turn }) => turn).sort((a, b) => a.ended - b.ended),
  };
}

const anAnswer = (
  run_id: string,
  assistant_id: string | null,
  run: Run | null,
  parts: readonly Part[],
  deleted: readonly Message[] = [],
): Answer => ({ run_id, assistant_id, run, parts, before: [], deleted, latest: false });

function endOf(run: Run): number {
  const { failed_at, cancelled_at, completed_at, created_at } = run as Run & Record<string, unknown>;
  return Number(failed_at ?? cancelled_at ?? completed_at ?? created_at ?? 0);
}

/** The parts of a run: messages by the log, and each step of calls behind the message that its model wrote before. */
function partsOf(messages: readonly Message[], steps: readonly RunStep[], run: Run | null): Part[] {
  const parts: Part[] = [];
  const left = new Map(messages.map((message, index) => [message.id, index]));
  const add = (index: number) => {
    const message = messages[index]!;
    left.delete(message.id);
    const again = isCut(message) && (index < messages.length - 1 || (!!run && isActive(run)));
    parts.push({ kind: again ? "superseded" : "message", message });
  };
  for (const step of steps) {
    const details = step.step_details;
    if (details.type === "message_creation") {
      const index = left.get(details.message_creation.message_id);
      if (index !== undefined) add(index);
    } else if (details.tool_calls.length) {
      parts.push({ kind: "calls", step });
    }
  }
  for (const index of [...left.values()]) add(index);
  return parts;
}

/** Whether the server went away while it was written. */
const isCut = ({ status, incomplete_details: details }: Message): boolean =>
  status === "incomplete" && (details as { reason?: string } | null)?.reason === "run_failed";

function grouped<K, T>(all: readonly T[], by: (one: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const one of all) {
    const group = groups.get(by(one));
    if (group) group.push(one);
    else groups.set(by(one), [one]);
  }
  return groups;
}

function withNewest(entries: Entry[]): Entry[] {
  const last = entries.findLastIndex(({ kind }) => kind !== "coming");
  const entry = entries[last];
  if (entry?.kind === "turn") entries[last] = { ...entry, newest: true };
  return entries;
}
