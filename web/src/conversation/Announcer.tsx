/** Tells a screen reader what is new, beside the log: that one grows token by token, and is not read aloud. */

import { useEffect, useRef, useState } from "react";
import { announced, type Heard, NOTHING_HEARD } from "./announcements";
import styles from "./Announcer.module.css";

interface AnnouncerProps {
  messages: Parameters<typeof announced>[1]["messages"];
  runs: Parameters<typeof announced>[1]["runs"];
  status: Parameters<typeof announced>[1]["status"];
  mine: string;
  nameOf(assistant_id: string | null): string;
}

/** So many stay, for readers that are slow to take them up. */
const KEPT = 6;

export function Announcer({ messages, runs, status, mine, nameOf }: AnnouncerProps) {
  const before = useRef<Heard>(NOTHING_HEARD);
  const [told, setTold] = useState<readonly { key: number; text: string }[]>([]);
  useEffect(() => {
    const { heard, sentences } = announced(before.current, { messages, runs, status }, mine, nameOf);
    before.current = heard;
    if (!sentences.length) return;
    setTold((told) => {
      const next = (told.at(-1)?.key ?? 0) + 1;
      return [...told, ...sentences.map((text, index) => ({ key: next + index, text }))].slice(-KEPT);
    });
  }, [messages, runs, status, mine, nameOf]);
  return (
    <div className={styles.hidden} aria-live="polite" aria-relevant="additions" aria-atomic="false">
      {told.map(({ key, text }) => (
        <p key={key}>{text}</p>
      ))}
    </div>
  );
}
