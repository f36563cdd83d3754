import { StringStream } from "@codemirror/streamparser";
import { describe, expect, it, vi } from "vitest";
import { grown, type Highlighted, MOST, NOTHING } from "../../src/highlight/highlight";
import { chance, prefixes } from "../conversation/random";

/** All of a text, however many frames it takes. */
function whole(language: string, text: string): Highlighted {
  let now = grown(NOTHING, text, language, false);
  while (now.behind) now = grown(now, text, language, false);
  return now;
}

const linesOf = ({ pieces, tail }: Highlighted) => [...pieces.flat(), ...(tail ? [tail] : [])];
const textOf = (now: Highlighted) =>
  linesOf(now)
    .map(({ parts }) => parts.map((part) => (typeof part === "string" ? part : part.text)).join(""))
    .join("\n");

/** What has a colour, a line each. */
const marks = (language: string, text: string) =>
  linesOf(whole(language, text)).map(({ parts }) =>
    parts.flatMap((part) => (typeof part === "string" ? [] : [`${part.kind} ${part.text}`])).join(" · "),
  );

const NAMES =
  "python javascript typescript json bash console html xml css sql yaml toml diff c cpp csharp java kotlin scala go rust swift ruby dockerfile lua php".split(
    " ",
  );
const UNITS = [
  "(", ")", '"', "'", "`", "/", "[", "]", "{", "}", "<", ">", "<a", "<T,", "\\", "/*", "*/", "//", "#", "$", "${", "--", "---", " ", "\t", "a", "A ",
  "1", "1.", "0x", "_", "@a", "!", "[a](", "**", "*", "&", "&a;", "a: ", ":", ";", "- ", "a=", "<<E\n", "<<<E\n", "E\n", '"""', "'''", 'r#"', 'R"(', "/[",
  "$(", "| ", "|\n", "> ", "日", "🌊", "<!--", "-->", "<script>", "</script>", "<style>", "</style>", "<?php ", "?>", "--[[", "]]", "<#", "\n", "\r\n", "\n\n",
];

describe("Code", () => {
  it.each([
    ["python", "@cached\ndef rise(by: int = 0xFF): # it's", ["property @ · property cached", "keyword def · function rise · function int · number 0xFF · comment # it's"]],
    ["py", 'x = f"{a}" + """one\ntwo""" if not None else Tide', ["string f\" · string \" · string \"\"\"one", "string two\"\"\" · keyword if · keyword not · keyword None · keyword else"]],
    ["js", "const n = a / 2 / b, re = /[/'\"]/g; // x", ["keyword const · function n · number 2 · function re · string /[/'\"]/g · comment // x"]],
    ["javascript", "`a\n${f(1)} c` + get(x)", ["string `a", "string ${ · number 1 · string } · string c`"]],
    ["jsx", "return <p id='a'>{f(<b />)}</p>;\nlet x = 1 < 2", ["keyword return · string 'a' · property f · type /> · type </p>", "keyword let · number 1 · number 2"]],
    ["ts", "type Id<T> = <U>(of: U) => T;", ["keyword type · type Id · type T · function of · type U"]],
    ["json", '{"a": [1.5, true, "b"]}', ["property \"a\" · number 1.5 · number true · string \"b\""]],
    ["jsonc", "// c\n{}", ["comment // c", ""]],
    ["bash", "for f in *.txt; do\n  echo \"$f\" | jq -r . # it's\ndone", ["keyword for · keyword in · keyword do", "function echo · string \" · function $f · string \" · property -r · comment # it's", "keyword done"]],
    ["sh", "curl -d '{\n}' \\\n  host\ncat <<EOF\nit's\nEOF\nls", ["function curl · property -d · string '{", "string }'", "", "function cat · string <<EOF", "string it's", "string EOF", "function ls"]],
    ["html", "<p class=\"a\">It's &amp;</p><!-- a\nb -->", ["type p · property class · string \"a\" · number &amp; · type p · comment <!-- a", "comment b -->"]],
    ["html", '<script type="module">\nif (a<b) f("</p>")\n</script><style>a { color: red }</style><p>it\'s', ["type script · property type · string \"module\"", "keyword if · string \"</p>\"", "type script · type style · type a · property color · keyword red · type style · type p"]],
    ["xml", "<?xml version='1.0'?>\n<a:b c='d'/>", ["property <?xml · property version='1.0'?>", "type a:b · property c · string 'd'"]],
    ["css", "@media (width: 1px) {\n a:hover, .b { color: #fff; --x: f(1) }\n}", ["function @media · property width · number 1px", "type a · number hover · keyword .b · property color · number #fff · function --x · number 1", ""]],
    ["sql", "select id from t -- it's\nwhere a = 'b\nc'", ["keyword select · keyword from · comment -- it's", "keyword where · string 'b", "string c'"]],
    ["yml", "- a b: 1 # c\n  d: |\n    e: \"f\"\n# g", ["property a b · number 1 · comment  # c", "property d · keyword |", "property e · string \"f\"", "comment # g"]],
    ["toml", '[a]\nb = "c" # d\ne = 1', ["number [a]", "property b · string \"c\" · comment # d", "property e · number 1"]],
    ["diff", "@@ -1 +1 @@\n-it's\n+x\n y", ["property @@ -1 +1 @@", "keyword -it's", "string +x", ""]],
    ["c", "#include <a.h>\nint main(void) { return 'a'; }", ["property #include <a.h>", "type int · function main · type void · keyword return · string 'a'"]],
    ["c++", 'auto f() -> Foo; R"(a\n")";', ["keyword auto · string R\"(a", "string \")\""]],
    ["c#", '@"b\\" /* c\n*/ null', ["string @\"b\\\" · comment /* c", "comment */ · number null"]],
    ["java", "@Override public int f() {}", ["property @Override · keyword public · type int · function f"]],
    ["kotlin", "data class A(val value: Int)", ["keyword data · keyword class · function A · keyword val · function value · type Int"]],
    ["go", "func f() error { return `a\nb` }", ["keyword func · keyword error · keyword return · string `a", "string b`"]],
    ["rust", "fn f(x: &str) { p!('c') }", ["keyword fn · function f · number str · function p! · string 'c'"]],
    ["php", "function f() {\n  $a = 'b\nc'; # d\n}", ["keyword function", "property $a · string 'b", "string c' · comment # d", ""]],
    ["ruby", "def a = @b =~ /c/", ["keyword def · function a · property @b · string /c/"]],
    ["swift", '@State var a = "b"', ["property @State · keyword var · function a · string \"b\""]],
    ["dockerfile", "FROM a AS b\nRUN c", ["keyword FROM · keyword AS", "keyword RUN"]],
    ["Arguments", '{"a', ["property \"a"]],
    ["Output", '{"a": 1}', ["property \"a\" · number 1"]],
    ["", "[1]", ["number 1"]],
  ])("in %s: %j", (language, text, wanted) => {
    expect(marks(language, text)).toEqual(wanted);
  });

  it.each(["", "text", "Output", "brainfuck", "constructor"])("has no colours in a language that nobody knows: %j", (language) => {
    expect(whole(language, "[INFO] it's\nfor x in y")).toBe(NOTHING);
  });

  it("keeps its text, and ends the same however it came", () => {
    for (const [seed, name] of NAMES.entries()) {
      const pick = chance(seed);
      const written = Array.from({ length: 400 }, () => UNITS[pick(UNITS.length)]!).join("");
      let now = NOTHING;
      for (const so_far of prefixes(written, pick, 30)) {
        const before = now;
        now = grown(before, so_far, name, true);
        before.pieces.flat().forEach((line, index) => expect(now.pieces.flat()[index], name).toBe(line));
      }
      const last = grown(now, written, name, false);
      expect(textOf(last), name).toBe(written.replace(/\n$/, ""));
      expect(linesOf(last), name).toEqual(linesOf(whole(name, written)));
    }
  });

  it("stays as it is when a fence closes, which takes its last newline away", () => {
    const open = grown(NOTHING, "let a\nlet b\n", "js", true);
    const closing = grown(open, "let a\nlet b", "js", true);
    expect(closing.pieces).toBe(open.pieces);
    expect(grown(closing, "let a\nlet b", "js", false).pieces).toBe(open.pieces);
  });

  it("is read anew when it is another one", () => {
    const before = grown(NOTHING, "let a\nlet b\n", "js", true);
    expect(textOf(grown(before, "let c\nlet b\n", "js", true))).toBe("let c\nlet b");
    expect(linesOf(grown(before, "let a\nlet b\n", "py", true)).map(({ parts }) => parts)).toEqual([["let a"], ["let b"]]);
  });

  it("is looked at once, however long it grows", () => {
    const looks = vi.spyOn(StringStream.prototype, "eol");
    let now = NOTHING;
    const line = "value = compute(1, 'two')  # three\n";
    for (let count = 1; count <= 500; count++) {
      looks.mockClear();
      now = grown(now, line.repeat(count), "python", true);
      expect(looks.mock.calls.length).toBeLessThan(100);
    }
    looks.mockRestore();
    expect(now.at).toBe(500 * line.length);
  });

  it("is read for a few milliseconds at once, and no further than it is worth", () => {
    const line = "let a = 1; // one\n";
    const text = line.repeat(10_000);
    let ms = 0;
    const first = grown(NOTHING, text, "js", false, () => ms++);
    expect([first.behind, first.at]).toEqual([true, 7 * line.length]);
    const last = whole("js", text);
    expect([last.behind, last.tail, last.at]).toEqual([false, null, Math.floor(MOST / line.length) * line.length]);
  });

  it.each(NAMES)("that means harm keeps its text: %s", (name) => {
    for (const unit of UNITS) {
      const text = `${unit.repeat(100)}x\n${unit.repeat(20)}\nx`;
      expect(textOf(whole(name, text))).toBe(text);
    }
  });

  it("whose language stumbles is plain, and goes on behind it", () => {
    const text = "let a\nlet b\nlet c";
    const token = vi.spyOn(StringStream.prototype, "current").mockImplementationOnce(() => {
      throw new Error("stumbled");
    });
    expect(marks("js", text)).toEqual(["", "keyword let · function b", "keyword let · function c"]);
    token.mockRestore();
  });

  it("whose words stand far apart is plain", () => {
    const line = `let a = ${" ".repeat(80)} 1`;
    expect(marks("js", `${line}\nlet b`)).toEqual(["", "keyword let · function b"]);
  });

  it("on a line that no one has written is plain", () => {
    const line = '"a": '.repeat(4_000);
    expect(linesOf(whole("json", `[\n${line}\n1\n]`)).map(({ parts }) => parts)).toEqual([["["], [line], [{ kind: "number", text: "1" }], ["]"]]);
  });
});
