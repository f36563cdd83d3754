/** Code between fences, with its language and a button that copies it. */

import { memo, type RefObject, useEffect, useReducer, useRef, useState } from "react";
import { grown, type Highlighted, type Line, NOTHING, PIECE } from "../../highlight/highlight";
import { Copy } from "../Copy";
import styles from "./Code.module.css";
import { whenRendered } from "./rendered";

interface CodeProps {
  text: string;
  language: string;
  /** Whether more of the text comes. */
  growing?: boolean;
}

export const Code = memo(function Code({ text, language, growing = false }: CodeProps) {
  const figure = useRef<HTMLElement>(null);
  const { pieces, tail } = useHighlighted(figure, text, language, growing);
  const all = inPieces(text);
  return (
    <figure ref={figure} className={styles.code} dir="ltr">
      <figcaption className={styles.bar}>
        <span>{language || "text"}</span>
        <Copy text={text} what="code" />
      </figcaption>
      <pre className={styles.text} tabIndex={0} aria-label={language ? `Code: ${language}` : "Code"}>
        <code>
          {all.map((piece, index) => (
            <Piece key={index} text={piece} lines={pieces[index]} tail={index === all.length - 1 ? tail : null} />
          ))}
        </code>
      </pre>
    </figure>
  );
});

/** What has colours, once it is rendered; a long text takes several frames. */
function useHighlighted(figure: RefObject<HTMLElement | null>, text: string, language: string, growing: boolean): Highlighted {
  const [seen, come] = useState(false);
  const [, goOn] = useReducer((count: number) => count + 1, 0);
  useEffect(() => whenRendered(figure.current!, () => come(true)), [figure]);
  const before = useRef(NOTHING);
  const now = seen ? grown(before.current, text, language, growing) : NOTHING;
  useEffect(() => {
    before.current = now;
    if (!now.behind) return;
    const frame = requestAnimationFrame(goOn);
    return () => cancelAnimationFrame(frame);
  });
  return now;
}

interface PieceProps {
  text: string;
  lines: readonly Line[] | undefined;
  tail: Line | null;
}

const Piece = memo(function Piece({ text, lines = [], tail }: PieceProps) {
  let at = 0;
  const coloured = (tail ? [...lines, tail] : lines).map((line, index) => {
    at += line.length + 1;
    return <Row key={index} line={line} ended={at <= text.length} />;
  });
  return (
    <span className={styles.piece}>
      {coloured}
      {text.slice(at)}
    </span>
  );
});

/** A line; `ended` by a newline. */
const Row = memo(function Row({ line, ended }: { line: Line; ended: boolean }) {
  const parts = line.parts.map((part, index) =>
    typeof part === "string" ? (
      part
    ) : (
      <span key={index} className={styles[part.kind]}>
        {part.text}
      </span>
    ),
  );
  return ended ? [...parts, "\n"] : parts;
});

/** The lines that are rendered as one: what has been written stays, whatever comes behind it. */
function inPieces(text: string): string[] {
  const all: string[] = [];
  let from = 0;
  for (let lines = 0, at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) {
    if (++lines % PIECE) continue;
    all.push(text.slice(from, at + 1));
    from = at + 1;
  }
  return from < text.length ? [...all, text.slice(from)] : all;
}
