/** What was said last in a thread, on one line. */

import type { ListedThread } from "livethread/list";
import { mended } from "../conversation/markdown/growing";
import { spoken } from "../conversation/markdown/spoken";

type Last = NonNullable<ListedThread["last_message"]>;

const known = new WeakMap<Last, string>();

/** What a model writes is Markdown, of which the list has the beginning; what a person writes stays as they wrote it. */
export function preview(last: Last): string {
  let line = known.get(last);
  if (line === undefined) {
    const text = last.author.role === "assistant" ? spoken(mended(last.text)) : last.text;
    line = text.replace(/\s+/g, " ").trim() || "a message without text";
    known.set(last, line);
  }
  return line;
}
