/** A sentence that says for a moment what was done. */

import { useEffect, useState } from "react";
import styles from "./Toast.module.css";

const MOMENT = 5_000;

interface Told {
  sentence: string;
}

const listeners = new Set<(told: Told) => void>();

/** Tell something, from wherever it is known. */
export function tell(sentence: string): void {
  for (const listener of listeners) listener({ sentence });
}

/** What is told now, and what tells something else. */
export function useToast(): [Told | null, (sentence: string) => void] {
  const [told, setTold] = useState<Told | null>(null);
  useEffect(() => {
    listeners.add(setTold);
    return () => void listeners.delete(setTold);
  }, []);
  useEffect(() => {
    if (!told) return;
    const timer = setTimeout(() => setTold(null), MOMENT);
    return () => clearTimeout(timer);
  }, [told]);
  return [told, tell];
}

export const Toast = ({ sentence: told }: { sentence: Told | null }) => (
  <div className={styles.place} role="status" aria-label="What was done">
    {told && <p className={styles.toast}>{told.sentence}</p>}
  </div>
);
