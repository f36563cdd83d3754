/** Looks for assistants anew when one is met that the page does not know, once for each. */

import type { Run } from "livethread";
import { useEffect, useRef } from "react";
import type { Assistant } from "./Around";

export function useUnknown(runs: readonly Run[], assistants: readonly Assistant[] | null, look: () => unknown): void {
  const asked = useRef<ReadonlySet<string>>(new Set());
  useEffect(() => {
    if (!assistants) return;
    const known = new Set([...assistants.map(({ id }) => id), ...asked.current]);
    const unknown = runs.map(({ assistant_id }) => assistant_id).filter((id) => id && !known.has(id));
    if (!unknown.length) return;
    asked.current = new Set([...asked.current, ...unknown]);
    look();
  }, [runs, assistants, look]);
}
