/** Chance that can be played again: the same seed, the same numbers. */
export function chance(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const PIECES = [
  "word", " ", " ", "\n", "\n", "\n\n", "**", "*", "_", "`", "```", "```js\n", "~~~", "~~", "[", "](", ")", "]", "![", "# ", "## ", "- ",
  "* ", "1. ", "2) ", "> ", "|", "| a | b |\n|---|---|\n", "| x | y |\n", "---", "===", "\t", "    ", "<b>", "</b>", "<script>", "&amp;", "\\", "\r\n",
  "[ref]: https://example.org\n", "[ref]", "https://example.org/a_b", "日本語", "🌊", "مرحبا", "- [x] ", "  - ", "\u0000", "javascript:alert(1)", "\\(", "\\)", "\\[", "\\]\n",
];

/** A text that nobody would write, of pieces that everybody does. */
export function text(pick: (below: number) => number, pieces = 60): string {
  return Array.from({ length: pick(pieces) + 1 }, () => PIECES[pick(PIECES.length)]!).join("");
}

/** The text so far, at each of the pieces in which it comes. */
export function prefixes(whole: string, pick: (below: number) => number, longest = 12): string[] {
  const ends: number[] = [];
  for (let end = 0; end < whole.length; ) {
    end = Math.min(whole.length, end + 1 + pick(longest));
    ends.push(end);
  }
  return ends.map((end) => whole.slice(0, end));
}
