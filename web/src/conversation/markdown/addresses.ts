/** Which addresses in a message may lead anywhere. */

/** The address, if a reader may follow it: one of the web or of mail, and whole; else null. */
export const followed = (href: string): string | null => safe(href, /^(?:https?|mailto):$/);

/** The address of a picture that a reader may load; else null. Over plain http the page's policy forbids it. */
export const pictured = (href: string): string | null => safe(href, /^https:$/);

function safe(href: string, protocols: RegExp): string | null {
  try {
    const url = new URL(href.trim());
    return protocols.test(url.protocol) ? url.href : null;
  } catch {
    return null; // relative ones too: they would lead into this page
  }
}

/** Characters; nobody follows a longer one. */
const LONGEST = 2_000;
const WEB = /https?:\/\/[^\s<>"'`{}|\\^]+/g;

/** Text in pieces, every second of which is an address of the web. */
export function withAddresses(text: string): string[] {
  const pieces: string[] = [];
  let from = 0;
  for (const { 0: found, index } of text.matchAll(WEB)) {
    if (found.length > LONGEST) continue;
    const address = trimmed(found);
    pieces.push(text.slice(from, index), address);
    from = index + address.length;
  }
  return [...pieces, text.slice(from)];
}

/** Without what ends the sentence, or closes a bracket that was opened before. */
function trimmed(found: string): string {
  const count = (char: string) => found.split(char).length - 1;
  const over: Record<string, number> = { ")": count(")") - count("("), "]": count("]") - count("[") };
  let end = found.length;
  for (; end; end--) {
    const last = found[end - 1]!;
    if (".,;:!?*_~".includes(last)) continue;
    if (!(over[last]! > 0)) break;
    over[last]!--;
  }
  return found.slice(0, end);
}
