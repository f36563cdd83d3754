/** A field that leaves of many threads those that one looks for. */

import type { ListedThread } from "livethread/list";
import { preview } from "./preview";
import styles from "./Threads.module.css";

/** The threads whose title or last message has all these words. */
export function matching(threads: readonly ListedThread[], wanted: string): readonly ListedThread[] {
  const words = wanted.toLowerCase().split(/\s+/);
  return threads.filter(({ title, last_message }) => {
    const text = `${title ?? ""}\n${last_message ? preview(last_message) : ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

interface ThreadFilterProps {
  wanted: string;
  onWanted: (wanted: string) => void;
  /** How many are left, of how many. */
  found: number;
  among: number;
  has_more: boolean;
}

export function ThreadFilter({ wanted, onWanted, found, among, has_more }: ThreadFilterProps) {
  return (
    <div className={styles.filter} role="search">
      <input
        type="search"
        className={styles.wanted}
        aria-label="Filter threads"
        placeholder="Filter by title or last message"
        value={wanted}
        onChange={(event) => onWanted(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape" || !wanted) return;
          event.stopPropagation(); // and close the drawer
          onWanted("");
        }}
      />
      <p className={styles.found} role="status" aria-label="Filtered">
        {wanted.trim() && `${found || "None"} of ${has_more ? "the newest " : ""}${among} threads`}
      </p>
    </div>
  );
}
