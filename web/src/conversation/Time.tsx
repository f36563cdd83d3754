/** When something was said. */

import { memo } from "react";
import { fully } from "../look/ago";
import styles from "./Message.module.css";

/** @param at - seconds since the epoch, by the server's clock */
export const Time = memo(function Time({ at }: { at: number }) {
  const date = new Date(at * 1000);
  if (Number.isNaN(date.getTime())) return null;
  return (
    <time className={styles.time} dateTime={date.toISOString()} title={fully(at)}>
      {clock(date, new Date())}
    </time>
  );
});

function clock(date: Date, now: Date): string {
  const time = date.toLocaleTimeString(undefined, { hour: "numeric", minute: "2-digit" });
  if (date.toDateString() === now.toDateString()) return time;
  const sameYear = date.getFullYear() === now.getFullYear();
  const day = date.toLocaleDateString(undefined, { day: "numeric", month: "short", ...(!sameYear && { year: "numeric" }) });
  return `${day}, ${time}`;
}
