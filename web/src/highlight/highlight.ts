/** Code with its colours so far. What is read stays as it is, however much comes behind it. */

import { languageOf } from "./languages";
import { begun, type Language, type Part, read, type State } from "./line";

export interface Line {
  readonly parts: readonly Part[];
  /** How many characters it has, without what ends it. */
  readonly length: number;
}

/** The complete lines that were read, of a text in some language. Never changed: `grown` makes another. */
export interface Highlighted {
  readonly text: string;
  readonly language: Language | null;
  /** In pieces of so many lines. */
  readonly pieces: readonly (readonly Line[])[];
  /** Where the first line begins that is not read, and what it stands in. */
  readonly at: number;
  readonly state: State | null;
  /** The line that nothing ends yet, if nothing more comes. */
  readonly tail: Line | null;
  /** Whether there is more to read. */
  readonly behind: boolean;
}

export const NOTHING: Highlighted = { text: "", language: null, pieces: [], at: 0, state: null, tail: null, behind: false };

/** Lines of a piece. */
export const PIECE = 48;
/** Characters that have colours; what comes behind them is shown as it is. */
export const MOST = 64_000;
/** Of a longer line nobody reads the code: it was made by a machine. */
const LONGEST = 1_000;
/** There are patterns that try every part of these, a second for 400 of them. */
const MANY_BLANKS = /\s{80}/;
/** Milliseconds of reading at once, so that the page keeps moving. */
const AT_ONCE = 6;

/**
 * Go on with a text that begins as before, or with another.
 *
 * @param name - of its language
 * @param growing - whether more of it comes, also of its last line
 * @param clock - tells milliseconds
 */
export function grown(before: Highlighted, text: string, name: string, growing: boolean, clock = () => performance.now()): Highlighted {
  const language = languageOf(name, text, growing);
  if (!language) return NOTHING;
  let { at, state, pieces } =
    language === before.language && goesOn(before, text) ? before : { ...NOTHING, state: begun(language) };
  const from = at;
  const until = clock() + AT_ONCE;
  let behind = false;
  const lines = [...(pieces.at(-1)?.length === PIECE ? [] : (pieces.at(-1) ?? []))];
  const full = pieces.slice(0, lines.length ? -1 : undefined);
  for (let end = text.indexOf("\n", at); end >= 0 && end < MOST; end = text.indexOf("\n", at)) {
    if (at > from && clock() > until) {
      behind = true;
      break;
    }
    const line = text.slice(at, end);
    let parts: readonly Part[] = [line];
    if (isCode(line)) ({ parts, state } = read(line, state!));
    lines.push({ parts, length: line.length });
    if (lines.length === PIECE) full.push(lines.splice(0));
    at = end + 1;
  }
  if (at > from) pieces = lines.length ? [...full, lines] : full;
  const last = text.slice(at);
  const closes = !growing && !behind && last !== "" && isCode(last) && text.length < MOST;
  const tail = closes && !last.includes("\n") ? { parts: read(last, state!).parts, length: last.length } : null;
  return { text, language, pieces, at, state, tail, behind };
}

const isCode = (line: string): boolean => line.length <= LONGEST && !MANY_BLANKS.test(line);

/** Whether a text has the lines that were read; the last of them may have lost what ended it. */
function goesOn({ text: before, at }: Highlighted, text: string): boolean {
  const end = Math.max(0, at - 1);
  return text.startsWith(before.slice(0, end)) && (at === 0 || text.length === end || text[end] === "\n");
}
