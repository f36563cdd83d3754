/** Which way a text is written. */

/** The first letter, but for the x of a task that is done. */
const LETTER = /\p{L}(?!\])/u;
/** The blocks of Unicode whose scripts are written from right to left. */
const LEFTWARDS = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/**
 * The direction of a Markdown text by its first letter; undefined if it has none. `dir="auto"` says the same of an
 * element's own text, and nothing of the text of elements in it that have a direction themselves.
 */
export function directionOf(text: string): "ltr" | "rtl" | undefined {
  const letter = LETTER.exec(text)?.[0];
  if (letter === undefined) return undefined;
  return LEFTWARDS.test(letter) ? "rtl" : "ltr";
}
