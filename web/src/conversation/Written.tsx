/** Text as a person wrote it: its lines and blanks are kept, addresses of the web are links, fences hold code. */

import { Fragment, memo, useMemo } from "react";
import { Code } from "./markdown/Code";
import { grown, NOTHING, shown } from "./markdown/blocks";
import { withAddresses } from "./markdown/addresses";
import { Link } from "./markdown/Link";
import styles from "./Message.module.css";

export const Written = memo(function Written({ text }: { text: string }) {
  const pieces = useMemo(() => inPieces(text), [text]);
  return pieces.map(({ code, language, text }, index) =>
    code ? (
      <Code key={index} text={text} language={language} />
    ) : (
      <p key={index} className={styles.written} dir="auto">
        {withAddresses(text).map((piece, at) => (
          <Fragment key={at}>{at % 2 ? <Link href={piece}>{piece}</Link> : piece}</Fragment>
        ))}
      </p>
    ),
  );
});

interface Piece {
  code: boolean;
  language: string;
  text: string;
}

function inPieces(text: string): Piece[] {
  if (!/```|~~~/.test(text)) return [{ code: false, language: "", text }];
  const pieces: Piece[] = [];
  for (const { kind, raw, language } of shown(grown(NOTHING, text), false).groups.flat()) {
    const last = pieces.at(-1);
    if (kind === "code") pieces.push({ code: true, language, text: raw });
    else if (last && !last.code) last.text += raw;
    else pieces.push({ code: false, language: "", text: raw });
  }
  return pieces.map((piece) => (piece.code ? piece : { ...piece, text: piece.text.replace(/\n+$/, "") }));
}
