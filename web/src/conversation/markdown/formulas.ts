/** Formulas as TeX has them, \(…\) and \[…\]: nothing draws them, so they stay as they are written, marks and all. */

const CLOSING: Readonly<Record<string, string>> = { "\\(": "\\)", "\\[": "\\]" };
const BLANK_LINE = "\n\n";
/** Ends half a formula, and stands for a whole one where only what is around it is looked at. Nobody writes it. */
const MARK = "\ufffc";
/** What goes on for longer than this within a line, and is not closed, is a bracket that somebody has escaped. */
const LONGEST_HALF = 300;

/** Where something stands next; infinity if nowhere. */
type Next = (what: string, from: number) => number;

/** Looks ahead in a text, in linear time: what lies far ahead is found once, not by everything that stands before it. */
function aheadIn(text: string): Next {
  const known = new Map<string, number>();
  return (what, from) => {
    let at = known.get(what) ?? -1;
    if (at < from) known.set(what, (at = find(text, what, from)));
    return at;
  };
}

function find(text: string, what: string, from: number): number {
  if (what === BLANK_LINE) {
    const blank = /\n[ \t]*\n/g;
    blank.lastIndex = from;
    return blank.exec(text)?.index ?? Infinity;
  }
  let at = text.indexOf(what[0]!, from);
  while (at >= 0 && !text.startsWith(what, at)) at = text.indexOf(what[0]!, at + 2); // \\ is a new line of TeX
  return at < 0 ? Infinity : at;
}

/** Where the formula ends that begins there; -1 if none does. */
export function endOfFormula(text: string, at: number, next: Next = aheadIn(text)): number {
  const begins = text.slice(at, at + 2);
  const closing = CLOSING[begins];
  if (!closing) return -1;
  const inside = at + 2;
  const whole = next(closing, inside);
  const end = Math.min(whole, next(MARK, inside));
  if (end === Infinity || next(BLANK_LINE, inside) < end) return -1;
  if (end < whole) return begins === "\\[" || end - inside <= LONGEST_HALF ? end + 1 : -1;
  return text.slice(inside, end).trim() ? end + 2 : -1;
}

/** Where the formula ends that has its lines for itself, and begins with these; -1 if none does. */
export function endOfDisplay(text: string): number {
  const [before] = /^ {0,3}(?=\\\[)/.exec(text) ?? [];
  if (before === undefined) return -1;
  const end = endOfFormula(text, before.length);
  const [behind] = end < 0 ? [] : (/^[ \t]*(?:\n|$)/.exec(text.slice(end)) ?? []);
  return behind === undefined ? -1 : end + behind.length;
}

/** Whether such a formula begins with a line. */
export const beginsDisplay = (line: string): boolean => endOfDisplay(line) >= 0 || endOfDisplay(line + MARK) >= 0;

/** What a formula shows. */
export const shownOf = (formula: string): string => formula.trim().replace(MARK, "");

/** The formulas of a text, each from where to where; what is code has none. */
function* formulasOf(text: string): Generator<readonly [from: number, to: number]> {
  const next = aheadIn(text);
  for (let at = 0; at < text.length; ) {
    if (text[at] === "\\") {
      const end = endOfFormula(text, at, next);
      if (end >= 0) yield [at, end];
      at = end >= 0 ? end : at + 2;
    } else if (text[at] === "`") {
      const [ticks] = /^`+/.exec(text.slice(at))!;
      const end = text.indexOf(ticks, at + ticks.length);
      if (end < 0) return;
      at = end + ticks.length;
    } else {
      at++;
    }
  }
}

/** Do something to a text that grows without its formulas; half of one at its end is one, too. */
export function aroundFormulas(text: string, act: (text: string) => string): string {
  if (!text.includes("\\") || text.includes(MARK)) return act(text);
  const whole = text + MARK;
  const formulas: string[] = [];
  let around = "";
  let last = 0;
  for (const [from, to] of formulasOf(whole)) {
    formulas.push(whole.slice(from, to));
    around += text.slice(last, from) + MARK;
    last = to;
  }
  let count = 0;
  return act(around + text.slice(last)).replaceAll(MARK, () => formulas[count++]!);
}

/** What is to be said of each character of a text, with nothing said of its formulas. */
export function withoutFormulas(text: string, masked: string): string {
  let without = "";
  for (const [from, to] of formulasOf(text)) without += masked.slice(without.length, from) + "+".repeat(to - from);
  return without + masked.slice(without.length);
}
