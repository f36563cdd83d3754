/** Which threads have news: something was said since this browser has shown them last. */

import type { ListedThread } from "livethread/list";
import { useEffect } from "react";
import { kept, useKept } from "./kept";
import type { Me } from "./person";
import { useHidden } from "./useHidden";

/** So many threads are kept in mind, those that were shown last. */
const MOST = 300;

/** Their activity when they were shown last, by their ids. */
export const shownAt = kept<ReadonlyMap<string, number>>(
  "shown",
  (text) => {
    try {
      return new Map(Object.entries(JSON.parse(text ?? "{}") as Record<string, number>));
    } catch {
      return new Map();
    }
  },
  (times) => JSON.stringify(Object.fromEntries(times)),
);

/** Tells it of a thread. One that was never shown here has none: it may be anybody's. */
export function useNews(threads: readonly ListedThread[], current: string | null, me: Me): (thread: ListedThread) => boolean {
  const [times, setTimes] = useKept(shownAt);
  const hidden = useHidden();
  const active_at = threads.find(({ id }) => id === current)?.active_at;
  useEffect(() => {
    if (current === null || active_at === undefined || hidden || times.get(current) === active_at) return;
    const others = [...times].filter(([id]) => id !== current).slice(1 - MOST);
    setTimes(new Map([...others, [current, active_at]]));
  }, [current, active_at, hidden, times, setTimes]);
  return ({ id, active_at, last_message }) =>
    id !== current && active_at > (times.get(id) ?? Number.POSITIVE_INFINITY) && last_message?.author.user_id !== me.user_id;
}
