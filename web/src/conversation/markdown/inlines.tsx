/** Tokens within a line, as React elements: text stays text. */

import type { Token, Tokens } from "marked";
import { Fragment, type ReactNode } from "react";
import { GrowingText } from "./GrowingText";
import { Link } from "./Link";
import styles from "./Markdown.module.css";
import { Picture } from "./Picture";
import { plain } from "./references";

/**
 * What the tokens of a line show.
 *
 * @param grows - whether more of it comes, or has come while it was shown
 */
export function inlines(tokens: readonly Token[] = [], grows = false): ReactNode[] {
  return tokens.map((token, index) => <Fragment key={index}>{inline(token as Tokens.Generic, grows)}</Fragment>);
}

/** Text as it is. */
export const leaf = (text: string, grows: boolean): ReactNode => (grows ? <GrowingText text={text} /> : text);

function inline(token: Tokens.Generic, grows: boolean): ReactNode {
  switch (token.type) {
    case "text":
      return token.tokens ? inlines(token.tokens, grows) : leaf(plain(token.text), grows);
    case "escape":
      return token.text;
    case "strong":
      return <strong>{inlines(token.tokens, grows)}</strong>;
    case "em":
      return <em>{inlines(token.tokens, grows)}</em>;
    case "del":
      return <del>{inlines(token.tokens, grows)}</del>;
    case "codespan":
    case "formula":
      return <code className={styles.span}>{leaf(token.text, grows)}</code>;
    case "br":
      return <br />;
    case "link":
      return (
        <Link href={token.href} title={token.title}>
          {inlines(token.tokens, grows)}
        </Link>
      );
    case "image":
      return <Picture src={token.href} name={plain(token.text)} />;
    case "html": // a line break says nothing but that, and models write it within tables
      return /^<br\s*\/?>$/i.test(token.raw) ? <br /> : token.raw;
    case "checkbox":
      return <input type="checkbox" checked={token.checked} disabled aria-label={token.checked ? "Done" : "To do"} />;
    default:
      return token.raw;
  }
}
