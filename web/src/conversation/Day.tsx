/** A line between two days. */

import { memo } from "react";
import styles from "./Log.module.css";

/** @param at - seconds since the epoch, by the server's clock */
export const Day = memo(function Day({ at }: { at: number }) {
  return <p className={styles.day}>{nameOf(new Date(at * 1000), new Date())}</p>;
});

function nameOf(date: Date, now: Date): string {
  const sameYear = date.getFullYear() === now.getFullYear();
  return date.toLocaleDateString(undefined, { weekday: "long", day: "numeric", month: "long", ...(!sameYear && { year: "numeric" }) });
}
