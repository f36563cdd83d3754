/** Characters that are written by name or number, such as &amp;amp; and &amp;#8230;. */

const NAMED: Readonly<Record<string, string>> = {
  amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0", copy: "©", reg: "®", trade: "™", hellip: "…",
  ndash: "–", mdash: "—", lsquo: "‘", rsquo: "’", ldquo: "“", rdquo: "”", laquo: "«", raquo: "»", bull: "•",
  middot: "·", deg: "°", plusmn: "±", times: "×", divide: "÷", larr: "←", rarr: "→", uarr: "↑", darr: "↓",
  euro: "€", pound: "£", sect: "§", para: "¶", frac12: "½", infin: "∞", ne: "≠", le: "≤", ge: "≥", check: "✓",
};

/** The text with such characters in it; what names none stays as it is. */
export const plain = (text: string): string =>
  text.includes("&") ? text.replace(/&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|([a-zA-Z]\w{1,30}));/g, replaced) : text;

function replaced(whole: string, decimal?: string, hex?: string, name?: string): string {
  if (name) return Object.hasOwn(NAMED, name) ? NAMED[name]! : whole;
  const code = decimal ? Number.parseInt(decimal, 10) : Number.parseInt(hex!, 16);
  const valid = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
  return valid ? String.fromCodePoint(code) : "\ufffd";
}
