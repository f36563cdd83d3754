/** Markdown as it is read aloud: what one sees, without the marks. */

import type { Token, Tokens } from "marked";
import { grown, NOTHING, shown } from "./blocks";
import { tokensOf } from "./lexing";
import { plain } from "./references";

/** The text of a Markdown text. */
export function spoken(text: string): string {
  const { groups, links } = shown(grown(NOTHING, text), false);
  return groups
    .flat()
    .map(({ kind, raw, language }) => {
      if (kind === "code") return `Code${language && ` in ${language}`}:\n${raw}`;
      return tokensOf(raw, links)?.map(said).join(" ") ?? raw;
    })
    .map((block) => block.trim())
    .filter(Boolean)
    .join("\n");
}

function said(token: Token): string {
  const { type, raw, text, tokens } = token as Tokens.Generic;
  switch (type) {
    case "table": {
      const { header, rows } = token as Tokens.Table;
      return [header, ...rows].map((row) => row.map((cell) => within(cell.tokens)).join(", ")).join("\n");
    }
    case "list":
      return (token as Tokens.List).items.map(({ tokens }) => `\n${within(tokens)}`).join("");
    case "space":
    case "def":
    case "hr":
    case "br":
    case "checkbox":
      return " ";
    case "image":
      return text ? `Image: ${text}` : "Image";
    case "code":
    case "codespan":
    case "formula":
    case "display":
    case "escape":
      return text ?? raw;
    default:
      return tokens ? within(tokens) : plain(text ?? raw);
  }
}

const within = (tokens: readonly Token[]): string => tokens.map(said).join("");
