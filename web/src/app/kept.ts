/** What a browser keeps of a reader's choices, the same in all its tabs. */

import { useSyncExternalStore } from "react";

/** A value that is kept. */
export interface Kept<T> {
  get(): T;
  set(value: T): void;
  subscribe(listener: () => void): () => void;
}

/**
 * Keep something in the browser's storage. Where that is closed to us, as in some private windows, it holds as long as
 * the page.
 *
 * @param name - under which it is kept
 * @param read - what the stored text means, or null; for text that means nothing, what holds without a choice
 * @param write - the text to store; null to forget it
 */
export function kept<T>(name: string, read: (text: string | null) => T, write: (value: T) => string | null): Kept<T> {
  const key = `livethread.${name}`;
  const listeners = new Set<() => void>();
  let value = read(stored(() => localStorage.getItem(key)) ?? null);
  const changed = (now: T) => {
    value = now;
    for (const listener of listeners) listener();
  };
  const other = (event: StorageEvent) => {
    if (event.key === key || event.key === null) changed(read(event.newValue));
  };
  return {
    get: () => value,
    set(now) {
      const text = write(now);
      stored(() => (text === null ? localStorage.removeItem(key) : localStorage.setItem(key, text)));
      changed(now);
    },
    subscribe(listener) {
      if (!listeners.size) window.addEventListener("storage", other);
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
        if (!listeners.size) window.removeEventListener("storage", other);
      };
    },
  };
}

/** A kept value, and what changes it. */
export function useKept<T>(of: Kept<T>): [T, (value: T) => void] {
  return [useSyncExternalStore(of.subscribe, of.get), of.set];
}

function stored<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined; // closed, or full
  }
}
