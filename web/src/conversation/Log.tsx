/** The messages, oldest on top, and what scrolls them. */

import { ArrowDown } from "lucide-react";
import { type ReactNode, type Ref, useCallback, useImperativeHandle, useLayoutEffect, useRef, useState } from "react";
import type { Section } from "./chunks";
import styles from "./Log.module.css";
import { Older } from "./Older";
import { Place, type Reading } from "./place";
import { SectionView } from "./SectionView";

/** What may be done with it from outside. */
export interface LogHandle {
  toEnd(): void;
}

interface LogProps {
  /** The thread: whoever comes back to it finds the place where they have read. */
  of: string;
  sections: readonly Section[];
  /** Whether something is written. */
  busy: boolean;
  has_more: boolean;
  older(): Promise<unknown>;
  /** How many have come since the reader has left the end, which is told by `onFollow`. */
  fresh: number;
  onFollow(follows: boolean): void;
  /** What shows where there is no message. */
  empty: ReactNode;
  handle: Ref<LogHandle>;
}

/** Where each thread was left, unless at its end; as long as the page is open. */
const left = new Map<string, Reading>();

export function Log({ of, sections, busy, has_more, older, fresh, onFollow, empty, handle }: LogProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const place = useRef<Place>(null);
  const [follows, setFollows] = useState(true);

  const told = useRef(onFollow);
  told.current = onFollow;
  useLayoutEffect(() => {
    const onFollow = (follows: boolean) => {
      setFollows(follows);
      told.current(follows);
    };
    const now = new Place(scroller.current!, content.current!, onFollow, left.get(of));
    place.current = now;
    return () => {
      const reading = now.reading();
      if (reading) left.set(of, reading);
      else left.delete(of);
      now.end();
    };
  }, [of]);
  const toEnd = useCallback(() => place.current?.toEnd(), []);
  useImperativeHandle(handle, () => ({ toEnd }), [toEnd]);

  const go = () => {
    toEnd();
    scroller.current?.focus({ preventScroll: true }); // the button goes, and the keyboard needs a place
  };
  return (
    <div className={styles.frame}>
      <div
        ref={scroller}
        className={styles.scroller}
        role="log"
        aria-label="Messages"
        aria-live="off"
        aria-busy={busy}
        tabIndex={0}
      >
        <div ref={content} className={styles.content}>
          <Older has_more={has_more} older={older} scroller={scroller} />
          {sections.map((section) => (
            <SectionView key={section.key} section={section} />
          ))}
          {sections.length === 0 && empty}
        </div>
      </div>
      {!follows && (
        <button type="button" className={styles.newest} onClick={go}>
          <ArrowDown size={16} aria-hidden="true" />
          <span>Go to the newest message</span>
          {fresh > 0 && <b className={styles.count}>{fresh > 99 ? "99+" : fresh} new</b>}
        </button>
      )}
    </div>
  );
}
