/** Brings older messages, when the reader comes near the oldest that are here, or asks for them. */

import { memo, type RefObject, useEffect, useRef, useState } from "react";
import styles from "./Log.module.css";

/** So far above the view they are loaded already. */
const AHEAD = "600px";

interface OlderProps {
  has_more: boolean;
  older(): Promise<unknown>;
  scroller: RefObject<HTMLElement | null>;
}

export const Older = memo(function Older({ has_more, older, scroller }: OlderProps) {
  const [loading, setLoading] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const [near, setNear] = useState(false);
  const line = useRef<HTMLDivElement>(null);

  const load = async () => {
    setLoading(true);
    setProblem(null);
    try {
      await older();
    } catch (error) {
      setProblem((error as Error).message);
    } finally {
      setLoading(false);
    }
  };

  useEffect(() => {
    if (!has_more) return;
    const root = scroller.current;
    // Two changes may be told at once; the last of them holds.
    const tell: IntersectionObserverCallback = (changes) => setNear(!!changes.at(-1)?.isIntersecting);
    const seen = new IntersectionObserver(tell, { root, rootMargin: `${AHEAD} 0px 0px` });
    seen.observe(line.current!);
    return () => seen.disconnect();
  }, [has_more, scroller]);

  // A page that is there, and still does not reach beyond the view, asks for the next.
  useEffect(() => {
    if (near && has_more && !loading && !problem) void load();
  });

  if (!has_more) return null;
  return (
    <div ref={line} className={styles.older} data-above-all>
      {problem && <p role="alert">Older messages could not be loaded: {problem}</p>}
      <button type="button" className={styles.load} disabled={loading} onClick={() => void load()}>
        {loading ? "Loading older messages…" : "Load older messages"}
      </button>
    </div>
  );
});
