/** What the composer says of assistants. */

import type { Choosable } from "./Assistants";
import type { Unsent } from "./desk";

const called = ({ name, model }: Choosable): string => name || model;
const list = new Intl.ListFormat("en");

/** Whom a message is for. */
export function addressees(answering: readonly Choosable[]): string {
  const [first, ...others] = answering.map(called);
  if (!first) return "Message to the people here";
  if (others.length > 1) return `Message ${first} and ${others.length} others`;
  return `Message ${list.format([first, ...others])}`;
}

/** What those are for who will answer. */
export function descriptions(answering: readonly Choosable[]): string {
  const [only, ...others] = answering;
  if (!only) return "Nobody is asked to answer.";
  if (others.length) return `${list.format(answering.map(called))} will each answer.`;
  return only.description ? `${called(only)}: ${only.description}` : "";
}

/** Whether the server has refused it for a run that goes on; it says which, but here people read. */
export const isBusy = ({ why, reason }: Unsent): boolean =>
  why === "refused" && /\bactive run\b|\brun \S+ is active\b/.test(reason);

/** Why it was not sent, for people. */
export function reasonOf(unsent: Unsent): string {
  if (isBusy(unsent)) return "The thread was busy with another answer.";
  const gone = unsent.why === "refused" && unsent.reason.startsWith("No assistant found");
  return gone ? "An assistant that was to answer it is no more." : unsent.reason;
}

/**
 * Why a thread takes no more at the moment.
 *
 * @param busy - how the runs of assistants stand, by the assistants' ids
 */
export function hindrance(assistants: readonly Choosable[], busy: ReadonlyMap<string, string>): string {
  const running = [...busy].filter(([, status]) => status !== "cancelling");
  if (!running.length) return "What was still running is being stopped.";
  const waiting = running.filter(([, status]) => status === "requires_action");
  const names = (waiting.length ? waiting : running).map(([id]) => {
    const known = assistants.find((assistant) => assistant.id === id);
    return known ? called(known) : "an assistant";
  });
  const who = list.format(names);
  const subject = who.charAt(0).toLocaleUpperCase() + who.slice(1);
  const one = names.length === 1;
  return waiting.length
    ? `${subject} ${one ? "waits" : "wait"} for an output of a tool; stop that first.`
    : `${subject} ${one ? "is" : "are"} still answering, and this thread takes one question at a time.`;
}
