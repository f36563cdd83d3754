/** Says what happened where something else would be, and shows ways on. */

import { type ReactNode, useLayoutEffect, useRef } from "react";
import { focusOn } from "../conversation/focusOn";
import styles from "./Notice.module.css";

interface NoticeProps {
  title: string;
  text: ReactNode;
  /** What is left of what was there. */
  left?: ReactNode;
  /** Whether the keyboard lands here if what had the focus is gone. */
  lands?: boolean;
  /** The ways on: buttons. */
  children?: ReactNode;
}

export function Notice({ title, text, left, lands = false, children }: NoticeProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => {
    if (lands && document.activeElement === document.body) focusOn(heading.current!);
  }, [lands]);
  return (
    <section className={styles.notice}>
      <div className={styles.said} role="alert">
        <h2 ref={heading} className={styles.title}>
          {title}
        </h2>
        <p className={styles.text}>{text}</p>
      </div>
      {left}
      {children && <div className={styles.ways}>{children}</div>}
    </section>
  );
}
