/** The languages that code is coloured in, by the names that people and models give them. */

import { c, clike, cpp, csharp, dart, java, kotlin, objectiveC, scala } from "@codemirror/legacy-modes/mode/clike";
import { css, less, sCSS } from "@codemirror/legacy-modes/mode/css";
import { diff } from "@codemirror/legacy-modes/mode/diff";
import { dockerFile } from "@codemirror/legacy-modes/mode/dockerfile";
import { go } from "@codemirror/legacy-modes/mode/go";
import { javascript, json, typescript } from "@codemirror/legacy-modes/mode/javascript";
import { lua } from "@codemirror/legacy-modes/mode/lua";
import { properties } from "@codemirror/legacy-modes/mode/properties";
import { python } from "@codemirror/legacy-modes/mode/python";
import { ruby } from "@codemirror/legacy-modes/mode/ruby";
import { rust } from "@codemirror/legacy-modes/mode/rust";
import { shell } from "@codemirror/legacy-modes/mode/shell";
import { simpleMode } from "@codemirror/legacy-modes/mode/simple-mode";
import { standardSQL } from "@codemirror/legacy-modes/mode/sql";
import { swift } from "@codemirror/legacy-modes/mode/swift";
import { toml } from "@codemirror/legacy-modes/mode/toml";
import { xml } from "@codemirror/legacy-modes/mode/xml";
import type { Language } from "./line";
import { page } from "./page";

const words = (text: string): Record<string, boolean> => Object.fromEntries(text.split(" ").map((word) => [word, true]));

/** The only one here that the library does not have. */
const php = clike({
  name: "php",
  keywords: words(
    "abstract and array as break callable case catch class clone const continue declare default do echo else elseif empty enddeclare endfor endforeach endif endswitch endwhile enum exit extends final finally fn for foreach function global goto if implements include include_once instanceof insteadof interface isset list match namespace new or print private protected public readonly require require_once return static switch throw trait try unset use var while xor yield",
  ),
  types: words("bool float int iterable mixed never object string void"),
  atoms: words("true false null self parent TRUE FALSE NULL"),
  multiLineStrings: true,
  hooks: {
    $: (stream: { eatWhile(of: RegExp): boolean }) => {
      stream.eatWhile(/\w/);
      return "variableName.special";
    },
    "#": (stream: { match(of: string, consume: boolean): unknown; skipToEnd(): void }) => {
      if (stream.match("[", false)) return "meta";
      stream.skipToEnd();
      return "comment";
    },
  },
});

/** A script with elements in it: the end of one is not the beginning of a regular expression. */
const withElements = (script: Language): Language => ({
  ...script,
  token: (stream, inside) => (stream.match(/^<\/[\w.:-]*>|^\/>/) ? "tagName" : script.token(stream, inside)),
});

/** The library's takes a second for a line of words that stand far apart. */
const yaml = simpleMode({
  start: [
    { regex: /(?:---|\.\.\.)(?=\s|$)/, token: "meta", sol: true },
    { regex: /#.*/, token: "comment", sol: true },
    { regex: /\s+#.*/, token: "comment" },
    { regex: /\s+/ },
    { regex: /"(?:[^\\"]|\\.)*"?|'(?:[^']|'')*'?/, token: "string" },
    { regex: /-(?=\s|$)/ },
    { regex: /[\w./$*-]+(?: [\w./$-]+){0,7}(?=:(?:\s|$))/, token: "propertyName" },
    { regex: /[|>][+-]?\d?(?=\s*$)/, token: "keyword" },
    { regex: /[&*!][\w!:/.-]*/, token: "typeName" },
    { regex: /(?:true|false|null|yes|no|on|off|~)(?=$|[\s,\]}])/, token: "atom" },
    { regex: /[+-]?(?:0x[\da-f]+|\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?)(?=$|[\s,\]}])/i, token: "number" },
    { regex: /[^\s#:,[\]{}"']+/ },
    { regex: /./ },
  ],
  languageData: {},
});

const LANGUAGES: readonly (readonly [names: string, language: Language])[] = [
  ["python py python3 py3 pyi ipython pycon sage", python],
  ["javascript js jsx mjs cjs node ecmascript", withElements(javascript)],
  ["typescript ts tsx mts cts", withElements(typescript)],
  ["json json5 jsonc jsonl ndjson geojson webmanifest arguments", json],
  ["bash sh shell zsh ksh fish console terminal shellsession sh-session shell-session", shell],
  ["html htm xhtml vue svelte", page],
  ["xml svg rss atom xsd xsl xslt plist mathml", xml],
  ["css", css],
  ["scss sass", sCSS],
  ["less", less],
  ["sql mysql postgres postgresql pgsql psql sqlite plsql tsql mariadb", standardSQL],
  ["yaml yml", yaml],
  ["toml", toml],
  ["ini properties conf cfg env dotenv editorconfig", properties],
  ["diff patch", diff],
  ["dockerfile docker containerfile", dockerFile],
  ["c h", c],
  ["c++ cpp cxx cc hpp hxx arduino ino", cpp],
  ["c# csharp cs", csharp],
  ["java", java],
  ["kotlin kt kts", kotlin],
  ["scala sc", scala],
  ["dart", dart],
  ["objective-c objectivec objc obj-c", objectiveC],
  ["go golang", go],
  ["rust rs", rust],
  ["swift", swift],
  ["ruby rb gemfile", ruby],
  ["php", php],
  ["lua", lua],
];

const BY_NAME = new Map(LANGUAGES.flatMap(([names, language]) => names.split(" ").map((name) => [name, language] as const)));

/**
 * How a text is read that somebody says is in this language; null if nobody here knows it.
 *
 * @param growing - whether more of the text comes; what has no name that is known may be JSON once all of it is there
 */
export function languageOf(name: string, text: string, growing: boolean): Language | null {
  return BY_NAME.get(name.toLowerCase()) ?? (!growing && isJson(text) ? json : null);
}

function isJson(text: string): boolean {
  if (!/^\s*[{[]/.test(text) || !/[}\]]\s*$/.test(text.slice(-9))) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
