/** Whom a thread's newest turn has addressed. */

import type { Message, Run } from "livethread";
import { useMemo } from "react";

/**
 * The assistants that the newest message of a person has had an answer from, or is to have one from: none if it was for
 * people alone. Undefined where no person has said anything.
 */
export function addressedIn(messages: readonly Message[], runs: readonly Run[]): string[] | undefined {
  const newest = messages.findIndex(({ role, pending }) => role === "user" && !pending);
  const message = messages[newest];
  if (!message) return undefined;
  const asked = runs.filter(({ created_at }) => Number(created_at) >= message.created_at);
  const answers = messages.slice(0, newest).reverse();
  const ids = [...asked.reverse(), ...answers].map(({ assistant_id }) => assistant_id);
  return [...new Set(ids.filter((id) => typeof id === "string"))];
}

/** The same list as long as it has the same in it. */
export function useAddressed(messages: readonly Message[], runs: readonly Run[]): readonly string[] | undefined {
  const now = addressedIn(messages, runs);
  return useMemo(() => now, [now?.join()]);
}
