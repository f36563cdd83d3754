/** Tries again what nobody has heard. */

import { useEffect, useRef } from "react";

/** Milliseconds to the next attempt where the server seemed to be there all the time. */
const LATER = 5_000;

/**
 * Call a function when the server is there again.
 *
 * @param waits - whether there is something to be tried
 * @param live - whether the server is there
 */
export function useReturning(waits: boolean, live: boolean, act: () => void): void {
  const newest = useRef(act);
  newest.current = act;
  const was = useRef(false);
  useEffect(() => {
    const back = live && !was.current;
    was.current = live;
    if (!waits || !live) return;
    const timer = setTimeout(() => newest.current(), back ? 0 : LATER);
    return () => clearTimeout(timer);
  }, [waits, live]);
}
