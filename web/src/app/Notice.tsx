/** Says what happened where something else would be, and shows ways on. */

import type { ReactNode } from "react";
import styles from "./Notice.module.css";

interface NoticeProps {
  title: string;
  text: ReactNode;
  /** The ways on: buttons. */
  children?: ReactNode;
}

export function Notice({ title, text, children }: NoticeProps) {
  return (
    <section className={styles.notice} role="alert">
      <h2 className={styles.title}>{title}</h2>
      <p className={styles.text}>{text}</p>
      {children && <div className={styles.ways}>{children}</div>}
    </section>
  );
}
