/** What an assistant tries again takes the place of what came to nothing. */

import type { Answer, Entry } from "./entries";
import { isActive, isWrong } from "./runs";

/** Whether nothing is left of a run that was completed. */
export const isGone = ({ run, parts, deleted }: Answer): boolean =>
  run?.status === "completed" && !parts.length && !deleted.length;

/** Whether it came to nothing, so that another attempt may stand in its place. */
const isNothing = ({ run, parts }: Answer): boolean =>
  !!run && (isWrong(run) || (!isActive(run) && !parts.some(({ kind }) => kind === "message")));

/**
 * Put each attempt that follows one that came to nothing in its place, beside the others of its turn, if nothing was
 * said between; and leave out what is gone.
 */
export function inPlace(entries: readonly Entry[]): Entry[] {
  const placed: Entry[] = [];
  /** Where the turn stands below which nothing was said yet. */
  let at = -1;
  for (const entry of entries) {
    const above = placed[at];
    const joined = above?.kind === "turn" && entry.kind === "turn" && joinedBy(above.answers, entry.answers);
    if (joined) {
      placed[at] = { ...above, answers: joined };
      continue;
    }
    placed.push(entry);
    if (entry.kind !== "coming") at = entry.kind === "turn" ? placed.length - 1 : -1;
  }
  return placed.map((entry) => {
    if (entry.kind !== "turn" || !entry.answers.some(isGone)) return entry;
    return { ...entry, answers: entry.answers.filter((answer) => !isGone(answer)) };
  });
}

function joinedBy(answers: readonly Answer[], [now, ...others]: readonly Answer[]): Answer[] | null {
  if (!now || others.length) return null;
  const place = answers.findLastIndex((answer) => answer.assistant_id === now.assistant_id && isNothing(answer));
  if (place < 0) return null;
  const { before, ...last } = answers[place]!;
  return answers.with(place, { ...now, before: [...before, { ...last, before: [] }] });
}

/** Tell each answer whether it is its assistant's latest. */
export function withLatest(entries: readonly Entry[]): Entry[] {
  const seen = new Set<string | null>();
  const latest = (answer: Answer): Answer => {
    if (seen.has(answer.assistant_id)) return answer;
    seen.add(answer.assistant_id);
    return { ...answer, latest: true };
  };
  return entries
    .toReversed()
    .map((entry) => (entry.kind === "turn" ? { ...entry, answers: entry.answers.toReversed().map(latest).reverse() } : entry))
    .reverse();
}
