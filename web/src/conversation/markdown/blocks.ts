/**
 * A Markdown text as blocks that stand by themselves: what a growing text has closed is never looked at again.
 *
 * Where a block ends is decided by complete lines alone, so it is the same however the text came in pieces.
 */

import { beginsDisplay } from "./formulas";
import { definitions, isTable, type Links, NO_LINKS } from "./lexing";

/** A piece of the text that renders by itself. */
export interface Block {
  /** Its number, which it keeps. */
  readonly key: number;
  /** Code between fences; an item of a list, rows of a table; anything else. */
  readonly kind: "prose" | "item" | "rows" | "code";
  /** As it was written; of rows, with the table's head in front of them; of code, what stands between the fences. */
  readonly raw: string;
  /** Which list or table of the text it is a part of; 0 if it stands alone. */
  readonly of: number;
  readonly language: string;
  /** Whether more of it may come. */
  readonly open: boolean;
}

interface Fence {
  mark: string;
  indent: number;
  language: string;
}

/** The block that is not closed yet. */
interface Open {
  /** Where it begins. */
  readonly start: number;
  readonly fence: Fence | null;
  /** The marker of the list that it is an item of; "" if it is none. */
  readonly marker: string;
  /** The first two lines of the table that it is a part of, "" if it is none; and how many rows it has. */
  readonly head: string;
  readonly rows: number;
  /** Whether a formula has begun that has its lines for itself, and has not ended. */
  readonly formula: boolean;
  /** Whether the line before was blank; whether it has any other. */
  readonly blank: boolean;
  readonly empty: boolean;
}

/** A text so far. Never changed: `grown` makes another. */
export interface Growth extends Open {
  readonly text: string;
  /** What is closed, in groups of at most 32: a page renders none but the last. */
  readonly groups: readonly (readonly Block[])[];
  readonly links: Links;
  /** How many blocks are closed, and how many lists and tables have begun. */
  readonly count: number;
  readonly parts: number;
  /** Where the first line begins that is not complete. */
  readonly line: number;
}

const NEW = { fence: null, marker: "", head: "", rows: 0, formula: false, blank: false, empty: true };
export const NOTHING: Growth = { ...NEW, text: "", groups: [[]], links: NO_LINKS, count: 0, parts: 0, start: 0, line: 0 };

const GROUP = 32;
const ROWS = 16;
/** What more references than these a text defines, each block that closes would copy. */
const MOST_LINKS = 200;
const FENCE = /^( {0,3})(`{3,}(?=[^`]*$)|~{3,})(.*)$/;
const RULE = /^ {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$/;
const MARKER = /^(?:([-*+])|(\d{1,9})([.)]))(?:[ \t]+(\S?)|$)/;
const DELIMITER = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?$/;
/** What ends an item without a blank line. */
const HEADING_OR_QUOTE = /^(?:#{1,6}(?:[ \t]|$)|>)/;

/** Go on with a text that begins as before, or with another. */
export function grown(before: Growth, text: string): Growth {
  let now: Growth = text.startsWith(before.text) ? { ...before, text } : { ...NOTHING, text };
  for (;;) {
    const end = text.indexOf("\n", now.line);
    if (end < 0) return now;
    now = taken(now, end, end + 1);
  }
}

/** The blocks that show: those that are closed in their groups, what is open in the last of these. */
export function shown(growth: Growth, growing: boolean): Pick<Growth, "groups" | "links"> {
  const { text, line } = growth;
  const now = line < text.length ? taken(growth, text.length, text.length) : growth;
  if (growing) return { groups: now.start < text.length ? withBlock(now, text.length, true) : now.groups, links: growth.links };
  return closed(now, text.length);
}

/** Take the line that ends at `end`; the one behind it begins at `next`. */
function taken(growth: Growth, end: number, next: number): Growth {
  const line = growth.text.slice(growth.line, end).replace(/\r$/, "");
  const { fence, start, marker: before, blank } = growth;
  const after = { ...growth, line: next };
  if (fence) return closes(line, fence) ? closed(after, next) : after;
  if (!line.trim()) return growth.empty ? { ...after, start: next } : { ...after, blank: true, formula: false };

  const opening = FENCE.exec(line);
  if (opening && !(before && opening[1])) {
    const [, indent = "", mark = "", info = ""] = opening;
    const language = info.trim().split(/\s/, 1)[0]!;
    return { ...closed(after, growth.line), fence: { mark, indent: indent.length, language }, empty: false };
  }
  if (growth.formula) return { ...after, formula: !line.includes("\\]") };
  if (!(before && /^\s/.test(line)) && beginsDisplay(line)) {
    return { ...begun(growth.empty ? after : closed(after, growth.line), "", ""), formula: !line.includes("\\]") };
  }
  const rule = RULE.test(line);
  const [, bullet, number, dot, content] = (!rule && MARKER.exec(line)) || [];
  const marker = bullet ?? dot ?? "";
  if (growth.empty) return begun(after, marker, "");

  if (growth.head && !blank && line.includes("|")) {
    if (growth.rows < ROWS) return { ...after, rows: growth.rows + 1 };
    return { ...begun(closed(after, growth.line), "", ""), head: growth.head, parts: growth.parts, rows: 1 };
  }
  if (!before && !blank && DELIMITER.test(line.trimEnd())) {
    const head = plainly(growth.text.slice(start, end));
    if (head.indexOf("\n") === head.lastIndexOf("\n") && isTable(head)) {
      return { ...after, head: `${head}\n`, parts: growth.parts + 1 };
    }
  }
  const indented = before ? /^\s/.test(line) : /^(?:\t| {4})/.test(line);
  const interrupts = !!content && (number === undefined || number === "1");
  const cut = before
    ? marker
      ? marker === before || blank || interrupts
      : rule || blank || HEADING_OR_QUOTE.test(line)
    : blank || (marker && interrupts);
  if (indented || !cut) return { ...after, blank: false };
  return begun(closed(after, growth.line), marker, before);
}

/** The growth with its first line that is not blank. */
function begun(growth: Growth, marker: string, before: string): Growth {
  const parts = marker && marker !== before ? growth.parts + 1 : growth.parts;
  return { ...growth, marker, parts, empty: false };
}

/** Whether a line ends what a fence has begun. */
function closes(line: string, { mark }: Fence): boolean {
  const [, found = ""] = /^ {0,3}(`+|~+)[ \t]*$/.exec(line) ?? [];
  return found.startsWith(mark);
}

/** The growth with its open block closed at `end`. */
function closed(growth: Growth, end: number): Growth {
  if (growth.start === end) return { ...growth, ...NEW };
  const raw = growth.text.slice(growth.start, end);
  const defines = !growth.fence && raw.includes("]:") && Object.keys(growth.links).length < MOST_LINKS;
  const links = defines ? { ...definitions(raw), ...growth.links } : growth.links;
  return { ...growth, ...NEW, start: end, links, groups: withBlock(growth, end, false), count: growth.count + 1 };
}

function withBlock(growth: Growth, end: number, open: boolean): Growth["groups"] {
  const { groups, start, count: key, fence, marker, head, parts } = growth;
  const raw = plainly(growth.text.slice(start, end));
  const alone = { key, language: "", open, of: 0 };
  const block: Block = fence
    ? { ...alone, kind: "code", raw: codeOf(raw, fence), language: fence.language }
    : head
      ? { ...alone, kind: "rows", raw: raw.startsWith(head.trimEnd()) ? raw : head + raw, of: parts }
      : marker
        ? { ...alone, kind: "item", raw, of: parts }
        : { ...alone, kind: "prose", raw };
  const last = groups[groups.length - 1]!;
  return last.length < GROUP ? [...groups.slice(0, -1), [...last, block]] : [...groups, [block]];
}

const plainly = (text: string): string => text.replace(/\r\n?/g, "\n");

/** What stands between the fences, without as many blanks at the left as the fence has. */
function codeOf(raw: string, fence: Fence): string {
  const lines = raw.split("\n").slice(1);
  if (lines.at(-1) === "") lines.pop();
  if (closes(lines.at(-1) ?? "", fence)) lines.pop();
  const left = new RegExp(`^ {0,${fence.indent}}`);
  return (fence.indent ? lines.map((line) => line.replace(left, "")) : lines).join("\n");
}
