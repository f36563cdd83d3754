/** Markdown to tokens. HTML is no part of it: it is text like any other. */

import { Lexer, type MarkedOptions, type Token, Tokenizer, type Tokens } from "marked";
import { endOfDisplay, endOfFormula, shownOf, withoutFormulas } from "./formulas";

/** Where the references of a text lead to, by their names. */
export type Links = Readonly<Record<string, { href: string; title?: string | null }>>;

export const NO_LINKS: Links = {};

// Some texts take a lexer far longer than their length, and none of those is one that anybody would write.
const LONGEST = 5_000;
const MOST_MARKS = 400;
const DEEP = /^(?:[ \t]*(?:>|[-*+]|\d{1,9}[.)])){24}|^[ \t]{400}|[\w.+-]{1000}/m;

class WithoutHtml extends Tokenizer {
  override html(): Tokens.HTML | undefined {
    return undefined;
  }
}

/** What emphasizes does not end within a formula. */
class AroundFormulas extends WithoutHtml {
  override emStrong(src: string, masked: string, before?: string): Tokens.Em | Tokens.Strong | undefined {
    if (!src.includes("\\")) return super.emStrong(src, masked, before);
    return super.emStrong(src, masked.slice(0, -src.length) + withoutFormulas(src, masked.slice(-src.length)), before);
  }
}

const formula = (type: string, src: string, end: number): Tokens.Generic | undefined =>
  end < 0 ? undefined : { type, raw: src.slice(0, end), text: shownOf(src.slice(0, end)) };

/** Where a paragraph gives way to a formula. */
function nextDisplay(src: string): number | undefined {
  for (const { index } of src.matchAll(/(?<=\n) {0,3}\\\[/g)) if (endOfDisplay(src.slice(index)) >= 0) return index;
  return undefined;
}

const extensions = {
  block: [(src: string) => formula("display", src, endOfDisplay(src))],
  startBlock: [nextDisplay],
  inline: [(src: string) => formula("formula", src, endOfFormula(src, 0))],
  renderers: {},
  childTokens: {},
};
const options: MarkedOptions = { gfm: true, breaks: false, tokenizer: new AroundFormulas(), extensions };

/** The tokens of one block; null for one that is better shown as it was written. */
export function tokensOf(raw: string, links: Links): Token[] | null {
  return lexed(raw, links);
}

/** The references that a block defines. */
export function definitions(raw: string): Links {
  return lexed(raw, NO_LINKS)?.links ?? NO_LINKS;
}

/** Whether these lines are a table's head. */
export function isTable(raw: string): boolean {
  return lexed(raw, NO_LINKS)?.[0]?.type === "table";
}

/** Whether a block is better shown as it was written. */
export const isHard = (raw: string): boolean =>
  raw.length > LONGEST || DEEP.test(raw) || (raw.match(/[*_~]/g)?.length ?? 0) > MOST_MARKS;

function lexed(raw: string, links: Links) {
  if (isHard(raw)) return null;
  try {
    const lexer = new Lexer(options);
    Object.assign(lexer.tokens.links, links);
    return lexer.lex(raw);
  } catch {
    return null; // too deep for its recursion, for example
  }
}
