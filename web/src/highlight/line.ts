/** Reads code line by line: which parts of a line have a colour, and what the next line stands in. */

import { type StreamParser, StringStream } from "@codemirror/streamparser";

export type Kind = "comment" | "keyword" | "string" | "number" | "function" | "type" | "property";

/** A part of a line; text without a colour is just a string. */
export type Part = string | { readonly kind: Kind; readonly text: string };

export type Language = StreamParser<unknown>;

/** What a line stands in. Never changed: any line can be read again. */
export interface State {
  readonly language: Language;
  readonly inside: unknown;
}

/** The colours of what a language names, by the most special of its names. */
const KINDS: Readonly<Record<Kind, string>> = {
  comment: "comment blockComment lineComment processingInstruction",
  keyword: "keyword controlKeyword modifier operatorKeyword definitionKeyword moduleKeyword self qualifier heading header deleted",
  string: "string character string-2 escape regexp attributeValue url link inserted",
  number: "number atom bool null unit color literal constant",
  function: "function macroName def definition standard builtin",
  type: "typeName type className namespace tagName tag",
  property: "propertyName property attributeName attribute labelName variableName.special meta documentMeta",
};
const KIND_OF = new Map(Object.entries(KINDS).flatMap(([kind, names]) => names.split(" ").map((name) => [name, kind as Kind] as const)));

/** So often a language may look at the same place. */
const PATIENCE = 10;
/** Columns of a tab, and of a step to the right. */
const TAB = 4;
const STEP = 2;

export const begun = (language: Language): State => ({ language, inside: language.startState?.(STEP) ?? {} });

/** The parts of a line, and what the next one stands in. A line that the language stumbles over has no colours. */
export function read(line: string, state: State): { parts: readonly Part[]; state: State } {
  const { language, inside } = copied(state);
  const parts: Part[] = [];
  try {
    if (!line) language.blankLine?.(inside, STEP);
    for (const stream = new StringStream(line, TAB, STEP); !stream.eol(); ) {
      const name = token(language, stream, inside);
      add(parts, stream.current(), name ? kindOf(name) : null);
    }
  } catch {
    return { parts: line ? [line] : [], state };
  }
  return { parts, state: { language, inside } };
}

/** Read on to the end of what stands next; its name. */
function token(language: Language, stream: StringStream, inside: unknown): string | null {
  stream.start = stream.pos;
  for (let look = 0; look < PATIENCE; look++) {
    const name = language.token(stream, inside);
    if (stream.pos > stream.start) return name;
  }
  stream.next();
  return null;
}

/** What is not changed by whoever reads on in it. */
export function copied({ language, inside }: State): State {
  if (language.copyState) return { language, inside: language.copyState(inside) };
  const values = Object.entries(inside as object).map(([name, value]) => [name, Array.isArray(value) ? [...value] : value]);
  return { language, inside: Object.fromEntries(values) };
}

/** Of names such as `variableName.definition` or `string.special`, several of them between blanks. */
function kindOf(names: string): Kind | null {
  for (const name of [names, ...names.split(/[ .]/).reverse()]) {
    const kind = KIND_OF.get(name);
    if (kind) return kind;
  }
  return null;
}

function add(parts: Part[], text: string, kind: Kind | null): void {
  const last = parts.at(-1);
  if (kind) parts.push({ kind, text });
  else if (typeof last === "string") parts[parts.length - 1] = last + text;
  else parts.push(text);
}
