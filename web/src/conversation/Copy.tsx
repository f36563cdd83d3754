/** A button that copies. */

import { Check } from "lucide-react";
import { useEffect, useState } from "react";
import { copied } from "./clipboard";
import own from "./Copy.module.css";
import styles from "./Message.module.css";

const SHOWN = 2_000;

/**
 * @param text - or what makes it
 * @param what - it copies, beside what says it
 */
export function Copy({ text, what }: { text: string | (() => string); what: "code" | "message" | "answer" }) {
  const [told, tell] = useState<"Copied" | "Could not be copied" | null>(null);
  useEffect(() => {
    if (!told) return;
    const timer = setTimeout(() => tell(null), SHOWN);
    return () => clearTimeout(timer);
  }, [told]);
  const copy = async () => {
    tell((await copied(typeof text === "string" ? text : text())) ? "Copied" : "Could not be copied");
  };
  return (
    <button type="button" className={styles.action} title={`Copy this ${what}`} onClick={() => void copy()}>
      {told === "Copied" ? <Check size={14} aria-hidden="true" /> : <i className={own.sheets} aria-hidden="true" />}
      <span>{told ?? "Copy"}</span>
    </button>
  );
}
