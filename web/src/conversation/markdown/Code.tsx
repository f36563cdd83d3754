/** Code between fences, with its language and a button that copies it. */

import { memo } from "react";
import { Copy } from "../Copy";
import styles from "./Code.module.css";

/** Lines that are rendered as one: what has been written stays, whatever comes behind it. */
const PIECE = 48;

export const Code = memo(function Code({ text, language }: { text: string; language: string }) {
  return (
    <figure className={styles.code} dir="ltr">
      <figcaption className={styles.bar}>
        <span>{language || "text"}</span>
        <Copy text={text} what="code" />
      </figcaption>
      <pre className={styles.text} tabIndex={0} aria-label={language ? `Code: ${language}` : "Code"}>
        <code>
          {pieces(text).map((piece, index) => (
            <Piece key={index} text={piece} />
          ))}
        </code>
      </pre>
    </figure>
  );
});

const Piece = memo(function Piece({ text }: { text: string }) {
  return <span className={styles.piece}>{text}</span>;
});

function pieces(text: string): string[] {
  const all: string[] = [];
  let from = 0;
  for (let lines = 0, at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) {
    if (++lines % PIECE) continue;
    all.push(text.slice(from, at + 1));
    from = at + 1;
  }
  return from < text.length ? [...all, text.slice(from)] : all;
}
