/** What a screen reader is told: each message once, when it is whole, and what becomes of the answers meanwhile. */

import type { Message, Run, ThreadState } from "livethread";
import { becomings, type Begun, begun } from "./becomings";
import { spoken } from "./markdown/spoken";
import { authorOf, row, textOf } from "./wording";

/** What was seen of a thread, to tell what is new. Never changed: `heard` makes another. */
export interface Heard {
  /** The newest message then; undefined before the first look. */
  readonly newest: string | null | undefined;
  /** Those that were still written. */
  readonly open: ReadonlySet<string>;
  readonly runs: readonly Run[];
  readonly begun: Begun;
}

export const NOTHING_HEARD: Heard = { newest: undefined, open: new Set(), runs: [], begun: new Map() };

/** More than so many at once are counted. */
const MOST = 3;
const LONGEST = 4_000;

/**
 * What to say of a thread as it is now.
 *
 * @param mine - the reader's own id: nobody is told what they said themselves
 * @param nameOf - of an assistant
 */
export function announced(
  before: Heard,
  { messages, runs, status }: Pick<ThreadState, "messages" | "runs" | "status">,
  mine: string,
  nameOf: (assistant_id: string | null) => string,
): { heard: Heard; sentences: string[] } {
  if (before.newest === undefined && status === "connecting") return { heard: before, sentences: [] };
  const { fresh, open, newest } = newer(messages, before);
  const sentences = fresh
    .filter((message) => message.run_id || message.metadata?.user_id !== mine)
    .map((message) => `${message.assistant_id ? nameOf(message.assistant_id) : authorOf(message)}: ${short(message)}`);
  if (sentences.length > MOST) sentences.splice(0, sentences.length, `${sentences.length} new messages`);
  if (runs === before.runs) return { heard: { ...before, newest, open }, sentences }; // as with nearly every token
  if (before.newest !== undefined) sentences.push(...becomings(before.begun, runs, nameOf));
  return { heard: { newest, open, runs, begun: begun(before.begun, runs) }, sentences };
}

/** Those that have come since and are whole, and those that have become so, oldest first; and what is to be remembered. */
function newer(messages: readonly Message[], before: Heard) {
  let at = messages.findIndex((message) => !message.pending);
  if (at < 0) at = messages.length;
  const newest = messages[at]?.id ?? null;
  if (before.newest === undefined) return { fresh: [], open: new Set(messages.filter(isOpen).map(({ id }) => id)), newest };
  const fresh: Message[] = [];
  const open = new Set<string>();
  let unseen = before.newest === null || messages.some(({ id }) => id === before.newest);
  let left = before.open.size;
  for (; at < messages.length; at++) {
    const message = messages[at]!;
    if (message.id === before.newest) unseen = false;
    const known = before.open.has(message.id);
    if (known) left--;
    if (unseen || known) {
      if (isOpen(message)) open.add(message.id);
      else fresh.push(message);
    } else if (!left) {
      break;
    }
  }
  return { fresh: fresh.reverse(), open, newest };
}

const isOpen = ({ status }: Message): boolean => status === "in_progress";

function short(message: Message): string {
  const text = textOf(message);
  const begin = text.length > LONGEST ? `${text.slice(0, LONGEST)} …` : text;
  return message.role === "assistant" ? spoken(begin) : begin;
}

/** Who has come and who has gone, as lines. */
export function comings(
  before: readonly { user_id: string; name: string }[],
  now: readonly { user_id: string; name: string }[],
): string[] {
  const missing = (from: typeof now, of: typeof now) => of.filter(({ user_id }) => !from.some((one) => one.user_id === user_id));
  const [joined, left] = [missing(before, now), missing(now, before)];
  const names = (people: typeof now) => row(people.map(({ name }) => name));
  return [...(joined.length ? [`${names(joined)} joined`] : []), ...(left.length ? [`${names(left)} left`] : [])];
}
