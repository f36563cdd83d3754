/** A sentence that says for a moment what was done. */

import { useCallback, useEffect, useState } from "react";
import styles from "./Toast.module.css";

const MOMENT = 5_000;

interface Told {
  sentence: string;
}

/** What is told now, and what tells something else. */
export function useToast(): [Told | null, (sentence: string) => void] {
  const [told, setTold] = useState<Told | null>(null);
  useEffect(() => {
    if (!told) return;
    const timer = setTimeout(() => setTold(null), MOMENT);
    return () => clearTimeout(timer);
  }, [told]);
  return [told, useCallback((sentence) => setTold({ sentence }), [])];
}

export const Toast = ({ sentence: told }: { sentence: Told | null }) => (
  <div className={styles.place} role="status" aria-label="What was done">
    {told && <p className={styles.toast}>{told.sentence}</p>}
  </div>
);
