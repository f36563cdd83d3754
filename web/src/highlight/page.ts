/** HTML with the scripts and styles that stand in it, each read in its own language. */

import { css } from "@codemirror/legacy-modes/mode/css";
import { javascript } from "@codemirror/legacy-modes/mode/javascript";
import { html } from "@codemirror/legacy-modes/mode/xml";
import type { StringStream } from "@codemirror/streamparser";
import { begun, copied, type Language, type State } from "./line";

const GUESTS: Readonly<Record<string, Language>> = { script: javascript, style: css };

interface Inside {
  outer: State;
  /** Of what the tag is that is open, while it is. */
  tag: string;
  guest: State | null;
}

export const page: Language = {
  startState: (): Inside => ({ outer: begun(html), tag: "", guest: null }),
  copyState: (state): Inside => {
    const { outer, tag, guest } = state as Inside;
    return { outer: copied(outer), tag, guest: guest && copied(guest) };
  },
  token(stream, state) {
    const inside = state as Inside;
    if (inside.guest) {
      const end = stream.string.slice(stream.pos).search(new RegExp(`</${inside.tag}`, "i"));
      if (end !== 0) return upTo(stream, end, inside.guest);
      inside.guest = null;
      inside.tag = "";
    }
    const opening = stream.match(/^<(script|style)\b/i, false);
    if (opening && opening !== true) inside.tag = opening[1]!.toLowerCase();
    const name = html.token(stream, inside.outer.inside);
    if (inside.tag && name?.includes("angleBracket") && stream.current().endsWith(">")) {
      if (stream.current() === ">") inside.guest = begun(GUESTS[inside.tag]!);
      else inside.tag = "";
    }
    return name;
  },
};

/** Read on in a guest, which sees the line up to where it ends. */
function upTo(stream: StringStream, end: number, { language, inside }: State): string | null {
  const line = stream.string;
  if (end > 0) stream.string = line.slice(0, stream.pos + end);
  try {
    return language.token(stream, inside);
  } finally {
    stream.string = line;
  }
}
