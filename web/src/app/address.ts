/** Where we are: which server, and which of its threads. */

import { useSyncExternalStore } from "react";

/** The server's address is that of the page, the path below which both are mounted included. */
export const serverUrl = (page: string = location.href): string => new URL(".", page).href.replace(/\/$/, "");

/** What an address names behind its #, be it a thread or not: the server says so. Null if it names nothing. */
export function threadIn(hash: string): string | null {
  let id = hash.replace(/^#/, "");
  try {
    id = decodeURIComponent(id);
  } catch {
    // no UTF-8 behind its percent signs
  }
  return /^\.{0,2}$/.test(id) ? null : id; // dots would lead to other paths
}

/** The address of a thread, to follow and to share. */
export const addressOf = (thread_id: string): string => `#${encodeURIComponent(thread_id)}`;
export const shareable = (thread_id: string): string => new URL(addressOf(thread_id), location.href).href;

/**
 * Go to a thread, or, with null, to where a new one begins.
 *
 * @param replacing - the way back shall not lead here: this is no place to come back to
 */
export function go(thread_id: string | null, { replacing = false } = {}): void {
  const url = thread_id ? addressOf(thread_id) : location.pathname + location.search;
  history[replacing ? "replaceState" : "pushState"](null, "", url);
  for (const listener of listeners) listener(); // the browser tells only of the ways back and forth
}

/** The thread that the page's address names. */
export const useAddress = (): string | null => useSyncExternalStore(subscribe, () => threadIn(location.hash));

const listeners = new Set<() => void>();
const SIGNS = ["hashchange", "popstate"];

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  for (const sign of SIGNS) window.addEventListener(sign, listener);
  return () => {
    listeners.delete(listener);
    for (const sign of SIGNS) window.removeEventListener(sign, listener);
  };
}
