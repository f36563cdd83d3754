/** Older messages, a page at a time, behind those that a thread was opened with. Loaded on demand, by whoever asks for some. */

import { type Fold, type Held, renew } from "./fold.js";
import type { LiveThread } from "./threads.js";
import type { Message } from "./types.js";

/** A page of the API's list, newest first. */
export interface Page {
  data: readonly Message[];
  has_more: boolean;
}

/**
 * A page of older messages is about to be asked for: heed what events say of them from now on.
 *
 * @returns The id of the message behind which they begin, also if that is deleted by now; null if there are none.
 */
export function askOlder(fold: Fold): string | null {
  fold.said = new Map();
  return fold.has_more ? fold.oldest! : null;
}

/**
 * Hold a page of older messages, too; those that are held already stay as they are.
 *
 * @param page - as it was read behind what `askOlder` has said
 * @returns false if it is void and has changed nothing, because the fold has begun anew since it was asked for
 */
export function addOlder(fold: Fold, { data, has_more }: Page): boolean {
  const { said, held } = fold;
  if (!said) return false;
  fold.said = null;
  const page: [string, Held][] = [];
  for (const row of data) {
    const last = said.get(row.id);
    let message = held.get(row.id);
    fold.oldest = row.id;
    if (!message && last !== null) renew((message = { row, draft: null }), last ?? row);
    if (message) {
      message.loose = false;
      page.unshift([row.id, message]);
    }
  }
  fold.has_more = has_more;
  fold.held = new Map([...[...held].filter(([, { loose }]) => loose), ...page, ...held]);
  return true;
}

/** Load the next page of older messages of a thread; resolves with whether there are more. */
export async function loadOlder({ fold, store, call }: LiveThread): Promise<boolean> {
  for (let after: string | null; (after = askOlder(fold)); ) {
    if (addOlder(fold, await call("GET", `/messages?limit=100&after=${encodeURIComponent(after)}`))) {
      store.changed();
      break;
    }
  }
  return fold.has_more;
}
