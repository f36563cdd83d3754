/** Who has come and gone since the page shows the thread. */

import type { Person, Status } from "livethread";
import { useEffect, useRef, useState } from "react";
import { comings } from "./announcements";
import type { Coming } from "./entries";

const MOST = 100;
/** Milliseconds after an interruption in which people come back one by one, and nobody is told. */
const SETTLING = 5_000;
const NONE: readonly Coming[] = [];

/**
 * @param known - whether anything is known of the thread
 * @param newest - the newest message's id
 * @param mine - the reader's own id, whom nobody needs to tell
 */
export function useComings(
  people: readonly Person[],
  status: Status,
  known: boolean,
  newest: string | null,
  mine: string,
): readonly Coming[] {
  const [lines, setLines] = useState(NONE);
  const before = useRef<readonly Person[] | null>(null);
  const quiet = useRef(0);
  const was = useRef(status);
  if (was.current !== status) {
    if (status === "live" && was.current !== "connecting") quiet.current = Date.now() + SETTLING;
    was.current = status;
  }
  useEffect(() => {
    if (!known) return;
    const now = people.filter(({ user_id }) => user_id !== mine);
    const texts = before.current && status === "live" && Date.now() >= quiet.current ? comings(before.current, now) : [];
    before.current = now;
    if (!texts.length) return;
    setLines((lines) => {
      const next = Number(lines.at(-1)?.key.slice(7) ?? 0) + 1;
      return [...lines, ...texts.map((text, index) => ({ key: `coming_${next + index}`, text, after: newest }))].slice(-MOST);
    });
  }, [people, status, known, newest, mine]);
  return lines;
}
