/** Markdown to tokens. HTML is no part of it: it is text like any other. */

import { Lexer, type MarkedOptions, type Token, Tokenizer, type Tokens } from "marked";

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

const options: MarkedOptions = { gfm: true, breaks: false, tokenizer: new WithoutHtml() };

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
