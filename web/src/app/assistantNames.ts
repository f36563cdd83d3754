/** The names of assistants that this browser has seen, for what was said by those that are no more. */

import type { Assistant } from "./useAssistants";
import { kept } from "./kept";

/** The newest stay. */
const MOST = 300;

type Names = ReadonlyMap<string, string>;

let names: Names | undefined;

/** The name of an assistant that is no more; undefined if it was never known here. */
export const nameOfGone = (assistant_id: string | null): string | undefined => (names ??= store().get()).get(assistant_id ?? "");

export function remember(assistants: readonly Assistant[]): void {
  const before = store(); // as other tabs have left it
  const now = new Map(before.get());
  for (const { id, name, model } of assistants) now.set(id, name || model);
  names = new Map([...now].slice(-MOST));
  if (assistants.some(({ id }) => before.get().get(id) !== now.get(id))) before.set(names);
}

const store = () => kept<Names>("names", read, (names) => JSON.stringify([...names]));

function read(text: string | null): Names {
  try {
    const pairs: unknown = JSON.parse(text ?? "[]");
    if (!Array.isArray(pairs)) return new Map();
    return new Map(pairs.filter(isPair));
  } catch {
    return new Map();
  }
}

const isPair = (one: unknown): one is [string, string] =>
  Array.isArray(one) && one.length === 2 && one.every((part) => typeof part === "string");
