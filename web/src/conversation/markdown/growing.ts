/** The end of a text that still grows, so that half a construct looks like what it is about to be. */

import { aroundFormulas } from "./formulas";

/** A line that may yet become anything: a heading, an item, a rule, a fence. */
const UNDECIDED = /^[ \t]*(?:[-*+_=#>|:~`]|\d{1,9}[.)])(?:[-*+_=#>|:~` \t])*$/;
/** Behind the last of these stands what marks of emphasis may span. */
const BORDER = /\n[ \t]*\n|\n(?=[ \t]*(?:[-*+>|]|\d{1,9}[.)]|#{1,6})[ \t])|\|/g;
const LONGEST_TEXT = 300;

/** Open prose as it is best shown for now. */
export const mended = (raw: string): string => aroundFormulas(raw, settled);

function settled(raw: string): string {
  const last = raw.lastIndexOf("\n") + 1;
  const text = UNDECIDED.test(raw.slice(last)) ? raw.slice(0, last) : raw;
  const begun = headed(text);
  if (begun) return begun;
  let from = 0;
  for (const border of text.matchAll(BORDER)) from = border.index + border[0].length;
  return text.slice(0, from) + withEnds(text.slice(from));
}

/** A table of which no more than the first line is there. */
function headed(text: string): string | null {
  const [, before = "", line] = /^([^]*\n[ \t]*\n|\s*)(\|[^\n]*)\n?$/.exec(text) ?? [];
  if (!line) return null;
  const row = /\|[ \t]*$/.test(line) ? line : `${line} |`;
  const cells = row.replace(/\\\|/g, "").split("|").length - 2;
  return cells > 0 ? `${before}${row}\n|${" - |".repeat(cells)}` : null;
}

interface Mark {
  text: string;
  at: number;
}

/** A line with an end to whatever it leaves open; a mark behind which there is nothing yet is left out. */
function withEnds(line: string): string {
  const open: Mark[] = [];
  const brackets: number[] = [];
  for (let at = 0; at < line.length; ) {
    const char = line[at]!;
    if (char === "\\") {
      at += 2;
    } else if (char === "`") {
      const ticks = /^`+/.exec(line.slice(at))![0];
      const end = line.indexOf(ticks, at + ticks.length);
      if (end < 0) return at + ticks.length < line.length ? `${line.trimEnd()}${ticks}` : ended(line.slice(0, at), open);
      at = end + ticks.length;
    } else if (char === "[") {
      brackets.push(at++);
    } else if (char === "]") {
      const from = brackets.pop();
      if (from !== undefined && line[at + 1] === "(") {
        const to = line.indexOf(")", at);
        if (to < 0) return ended(withoutAddress(line, from, at), open);
        at = to;
      }
      at++;
    } else if (/[*_~]/.test(char)) {
      const text = new RegExp(`^\\${char}+`).exec(line.slice(at))![0];
      emphasized(open, { text, at }, line);
      at += text.length;
    } else {
      at++;
    }
  }
  const from = brackets.at(-1);
  if (from !== undefined && line.length - from < LONGEST_TEXT && from + 1 < line.length && !/^[ \t]*[-*+] \[[ xX]$/.test(line)) {
    return ended(withoutAddress(line, from, line.length), open);
  }
  return ended(line, open);
}

/** Half a link is its text; half an image is nothing. */
const withoutAddress = (line: string, from: number, to: number): string =>
  line[from - 1] === "!" ? line.slice(0, from - 1) : line.slice(0, from) + line.slice(from + 1, to);

/** Take a mark: it ends the last that is open, if it can, or is open itself. */
function emphasized(open: Mark[], mark: Mark, line: string): void {
  const char = mark.text[0]!;
  const before = line[mark.at - 1] ?? " ";
  const after = line[mark.at + mark.text.length] ?? " ";
  const last = open.at(-1);
  const ends = mark.at + mark.text.length === line.length;
  if (char === "~" && mark.text === "~" && ends) return void open.push(mark); // half of a mark
  const inWord = /[\p{L}\p{N}]/u.test(before) && /[\p{L}\p{N}]/u.test(after);
  if (char === "~" ? mark.text !== "~~" : mark.text.length > 3 || (inWord && (char === "_" || mark.text.length === 1))) return;
  if (last?.text[0] === char && /\S/.test(before)) {
    open.pop();
    if (last.text.length > mark.text.length) open.push({ ...last, text: last.text.slice(mark.text.length) });
  } else if (/\S/.test(after) || ends) {
    open.push(mark);
  }
}

function ended(line: string, open: Mark[]): string {
  let text = line;
  for (const mark of [...open].reverse()) {
    if (mark.at + mark.text.length >= text.trimEnd().length) text = text.slice(0, mark.at);
    else text = text.trimEnd() + mark.text;
  }
  return text;
}
