/** When something was, in as few letters as say it. */

import { useSyncExternalStore } from "react";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * How long ago something was: `now`, `5m`, `3h`, then the day.
 *
 * @param then - seconds since the epoch, by the server's clock; one that goes ahead of ours is now
 * @param now - seconds since the epoch
 */
export function ago(then: number, now: number): string {
  const passed = now - then;
  if (passed < MINUTE) return "now";
  if (passed < HOUR) return `${Math.floor(passed / MINUTE)}m`;
  if (passed < DAY) return `${Math.floor(passed / HOUR)}h`;
  const date = new Date(then * 1000);
  if (passed < 6 * DAY) return date.toLocaleDateString(undefined, { weekday: "short" });
  const sameYear = date.getFullYear() === new Date(now * 1000).getFullYear();
  return date.toLocaleDateString(undefined, { day: "numeric", month: "short", ...(!sameYear && { year: "numeric" }) });
}

/** The whole of it, for those who ask. */
export const fully = (then: number): string =>
  new Date(then * 1000).toLocaleString(undefined, { dateStyle: "full", timeStyle: "short" });

/** The same for machines; undefined for a time that no calendar has. */
export function exactly(then: number): string | undefined {
  const date = new Date(then * 1000);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/** The time in seconds, as of the last half minute. */
export const useNow = (): number => useSyncExternalStore(subscribe, () => (now ||= seconds()));

const STEP = 30_000;
const listeners = new Set<() => void>();
let now = 0;
let timer: ReturnType<typeof setInterval> | undefined;

const seconds = () => Math.floor(Date.now() / 1000);

function subscribe(listener: () => void): () => void {
  now = seconds();
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = seconds();
    for (const tell of listeners) tell();
  }, STEP);
  return () => {
    listeners.delete(listener);
    if (listeners.size) return;
    clearInterval(timer);
    timer = undefined;
  };
}
