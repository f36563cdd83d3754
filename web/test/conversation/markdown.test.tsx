import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { Lexer } from "marked";
import { afterEach, describe, expect, it } from "vitest";
import { Markdown } from "../../src/conversation/markdown/Markdown";
import { prose } from "../../src/conversation/markdown/prose";
import { spoken } from "../../src/conversation/markdown/spoken";
import { chance, prefixes, text } from "./random";

afterEach(cleanup);

const shown = (text: string, growing = false) => render(<Markdown text={text} growing={growing} />).container;
const html = (text: string) => {
  const { container, unmount } = render(<Markdown text={text} />);
  const found = tree(container);
  unmount();
  return found;
};

/** The elements and their texts, whatever the order in which their attributes were set; what text grew in is left out, and colours of code, which may come a frame later. */
function tree(node: Node): unknown {
  if (!(node instanceof Element) || (node.tagName === "SPAN" && !node.attributes.length) || node.matches("pre > code")) return node.textContent;
  const attributes = [...node.attributes].map(({ name, value }) => `${name}=${value}`).filter((one) => !/^(class|data-loose)=/.test(one));
  return [node.tagName, attributes.sort(), [...node.childNodes].map(tree)];
}

const DOCUMENT = `# Tides

The tide is **not** just *up*; see [the page](https://example.org/facts) or \`curl -s\`. ~~Gone~~.

1. The Moon
   - near
   - far
2. The Sun

- [x] measured
- [ ] explained

> All things by
> immortal power

| Place | Range |
|:------|------:|
| Bay of Fundy | 16.3 m |
| 日本語 | **0.1 m** |

\`\`\`python
def height(t):

    return t  # "tide"
\`\`\`

![A chart](https://example.org/tides.png)

---

مرحبا 🌊 and [a reference][one].

[one]: https://example.com/one
`;

describe("Markdown that grows", () => {
  it("ends as the whole text would show, however it came in pieces", () => {
    for (let seed = 0; seed < 40; seed++) {
      const pick = chance(seed);
      const written = seed % 10 ? text(pick, 40) : DOCUMENT;
      const { container, rerender, unmount } = render(<Markdown text="" growing />);
      for (const so_far of prefixes(written, pick, 40)) rerender(<Markdown text={so_far} growing />);
      rerender(<Markdown text={written} />);
      const found = tree(container);
      unmount();
      expect(found, `seed ${seed}`).toEqual(html(written));
    }
  });

  it("shows none of its marks on the way", () => {
    const { container, rerender } = render(<Markdown text="" growing />);
    for (let end = 1; end <= DOCUMENT.length; end++) {
      rerender(<Markdown text={DOCUMENT.slice(0, end)} growing />);
      const seen = container.textContent!;
      expect(seen, JSON.stringify(DOCUMENT.slice(0, end).slice(-60))).not.toMatch(/\*|~|`|\]\(|\|/);
    }
  });

  it("keeps the elements of what is closed", () => {
    const { container, rerender } = render(<Markdown text={"One.\n\n- a\n- b\n\n```js\ncode\n```\n\nLast"} growing />);
    const before = [...container.querySelectorAll("p, ul, li, figure")];
    rerender(<Markdown text={"One.\n\n- a\n- b\n\n```js\ncode\n```\n\nLast one.\n\nAnd"} growing />);
    const now = [...container.querySelectorAll("p, ul, li, figure")];
    expect(now.slice(0, before.length)).toEqual(before);
    before.forEach((element, index) => expect(now[index]).toBe(element));
  });

  it("keeps the text that is there, which may be marked, until it is closed and behind that", () => {
    const { container, rerender } = render(<Markdown text="Some **bo" growing />);
    const texts = () => [...container.querySelectorAll("p span")].map(({ firstChild }) => firstChild);
    const [before, bold] = texts();
    const selection = getSelection()!;
    selection.setBaseAndExtent(before!, 1, bold!, 2);
    for (const text of ["Some **bold", "Some **bold** and *", "Some **bold** and more.", "Some **bold** and more.\n\nNext", "Some **bold** and more.\n\nNext."]) {
      rerender(<Markdown text={text} growing={!text.endsWith("Next.")} />);
    }
    expect(texts().map((node) => node!.textContent)).toEqual(["Some ", "bold", " and more.", "Next."]);
    expect([texts()[0], texts()[1]].map((node, index) => node === [before, bold][index])).toEqual([true, true]);
    expect([`${selection}`, container.textContent]).toEqual(["ome bo", "Some bold and more.Next."]);
  });

  it.each([
    ["translated", (span: Element) => void (span.innerHTML = "<font>Bonjour</font>")],
    ["emptied", (span: Element) => span.replaceChildren()],
    ["changed", (span: Element) => void (span.firstChild!.nodeValue = "Bonjour")],
  ])("goes on where its text was %s by somebody else", (_, change) => {
    const { container, rerender } = render(<Markdown text="Hel" growing />);
    change(container.querySelector("p span")!);
    rerender(<Markdown text="Hello th" growing />);
    rerender(<Markdown text="Hello there." />);
    expect(container.textContent).toBe("Hello there.");
  });
});

describe("Markdown", () => {
  it.each([
    DOCUMENT.replace(/^1\. The Moon[^]*explained\n/m, "").replace(/\[one\]: .*/, ""),
    "# One\n## Two\n####### Seven\nSetext\n======\n",
    "Line one\nline two  \nline three\\\nline four",
    "> a\n> > b\n> - c\n\nlazy\n",
    "    indented\n\n    code\n\nend",
    "Tight:\n\n- a\n- b\n  - c\n    - d\n- e",
    "3. three\n4. four",
    "a | b\n--|--\n1 | 2\n\nend",
    "<https://example.org> and www.example.org and a@example.org",
    "\\*escaped\\* &amp; &#8230; &copy; `&amp;`",
    "*a **b** c* ***d*** _e_ __f__",
  ])("shows what its lexer finds in the whole: %#", (written) => {
    const whole = render(<div>{prose(new Lexer({ gfm: true }).lex(written))}</div>).container;
    expect(html(written)).toEqual(tree(whole));
  });

  it("leads nowhere but to the web and to mail, away from the page", () => {
    shown("[a](https://example.org/x?y=1) [b](mailto:ann@example.org) [c](http://example.org)");
    expect(screen.getAllByRole("link").map((link) => [link.getAttribute("href"), link.getAttribute("rel"), link.getAttribute("target")])).toEqual([
      ["https://example.org/x?y=1", "noopener noreferrer nofollow", "_blank"],
      ["mailto:ann@example.org", "noopener noreferrer nofollow", "_blank"],
      ["http://example.org/", "noopener noreferrer nofollow", "_blank"],
    ]);
  });

  it.each([
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt:alert(1))",
    "[click](java&#10;script:alert(1))",
    "[click](&#106;avascript:alert(1))",
    "[click](\u0001javascript:alert(1))",
    "[click](data:text/html,<script>alert(1)</script>)",
    "[click](vbscript:x)",
    "[click](file:///etc/passwd)",
    "[click](//example.org)",
    "[click](relative/path)",
    "[click](#thread_other)",
    "[click][x]\n\n[x]: javascript:alert(1)",
    "<javascript:alert(1)>",
    "[click](blob:https://example.org/1)",
  ])("makes no link of %j", (written) => {
    const container = shown(written);
    expect(container.querySelectorAll("a")).toHaveLength(0);
    expect(container.textContent).toMatch(/click|javascript/);
  });

  it.each([
    "<script>globalThis.hurt = 1</script>",
    "<img src=x onerror=alert(1)>",
    "a <b onclick=alert(1)>b</b>",
    "<iframe src=https://example.org></iframe>",
    "<style>*{display:none}</style>\n\n**bold**",
    "<!-- comment -->",
    "<svg/onload=alert(1)>",
    "| a |\n|---|\n| <form><input name=x> |",
  ])("shows HTML as text: %j", (written) => {
    const container = shown(written);
    expect(container.querySelectorAll("script, img, iframe, style, svg, form, b, [onclick], [onerror]")).toHaveLength(0);
    for (const tag of written.match(/<[^>]+>/g)!) expect(container.textContent).toContain(tag);
  });

  it("breaks a line where HTML does, as in tables", () => {
    expect(shown("| a |\n|---|\n| one<br>two |").querySelectorAll("td br")).toHaveLength(1);
  });

  it("loads a picture only once it is asked for, and tells nobody where it was seen", () => {
    const container = shown("![A chart](https://example.org/x.png) ![](https://example.org/y.png)");
    expect(container.querySelector("img")).toBeNull();
    fireEvent.click(screen.getByRole("button", { name: /Show image from example.org\s*A chart/ }));
    const [image, ...others] = container.querySelectorAll("img");
    expect(others).toEqual([]);
    expect([image!.src, image!.alt, image!.loading, image!.referrerPolicy]).toEqual([
      "https://example.org/x.png",
      "A chart",
      "lazy",
      "no-referrer",
    ]);
    fireEvent.error(image!);
    screen.getByText("The image from example.org could not be loaded.");
  });

  it.each(["data:image/png;base64,AAAA", "javascript:alert(1)", "x.png", "blob:x"])("loads no picture from %s", (address) => {
    const container = shown(`![chart](${address})`);
    expect([container.querySelector("img"), container.querySelector("button"), container.textContent]).toEqual([null, null, "Image: chart"]);
  });

  it("begins its headings below those of the page", () => {
    expect([...shown("# a\n\n## b\n\n###### c").querySelectorAll("h1,h2,h3,h4,h5,h6")].map(({ tagName }) => tagName)).toEqual(["H3", "H4", "H6"]);
  });

  it("says how a line is written, each for itself", () => {
    const paragraphs = [...shown("مرحبا\n\nHello").querySelectorAll("p")].map((p) => p.dir);
    expect(paragraphs).toEqual(["auto", "auto"]);
  });

  it.each([
    ["- مرحبا\n- Hello\n- 1", ["UL rtl", "LI rtl", "LI ltr", "LI "]],
    ["1. **שלום**\n\n   - [x] مرحبا\n\n2. Hello", ["OL rtl", "LI rtl", "UL rtl", "LI rtl", "LI ltr"]],
    ["> [مرحبا](https://example.org)\n>\n> > Hello", ["BLOCKQUOTE rtl", "BLOCKQUOTE ltr"]],
    ["| مكان | Range |\n|---|---|\n| Here | 1 |", ["DIV rtl"]],
    ["> 1 + 1", ["BLOCKQUOTE "]],
  ])("says which way a list, a quote and a table are written: %j", (written, ways) => {
    const found = [...shown(written).querySelectorAll<HTMLElement>("ul, ol, li, blockquote, [role=group]")];
    expect(found.map(({ tagName, dir }) => `${tagName} ${dir}`)).toEqual(ways);
  });

  it("numbers a list from where it begins, and joins its items in one", () => {
    const [list, ...others] = shown("7. a\n8. b\n\n9. c").querySelectorAll("ol");
    expect([list!.start, list!.children.length, others]).toEqual([7, 3, []]);
  });

  it("joins the rows of a long table in one", () => {
    const container = shown(`| a | b |\n|---|---|\n${"| x | y |\n".repeat(100)}`);
    expect([container.querySelectorAll("table"), container.querySelectorAll("tbody tr"), container.querySelectorAll("th")].map(({ length }) => length)).toEqual([1, 100, 2]);
  });

  it("takes up references that are defined later", () => {
    const { container, rerender } = render(<Markdown text={"See [it].\n\nMore.\n\n[it]: https://exam"} growing />);
    expect(container.querySelector("a")).toBeNull();
    rerender(<Markdown text={"See [it].\n\nMore.\n\n[it]: https://example.org\n\nEnd.\n"} growing />);
    expect(container.querySelector("a")!.href).toBe("https://example.org/");
  });

  it.each([
    ["quotes", "> ".repeat(20_000)],
    ["lists", "- ".repeat(20_000)],
    ["numbers", "1. ".repeat(20_000)],
    ["emphasis", "*_a".repeat(6_000)],
    ["other emphasis", "_a.".repeat(6_000)],
    ["stars", "*".repeat(50_000)],
    ["brackets", "[".repeat(20_000)],
    ["images", "![".repeat(20_000)],
    ["half links", "[a](".repeat(10_000)],
    ["ticks", "`a``".repeat(10_000)],
    ["mail", `${"a.".repeat(10_000)}@`],
    ["cells", `${"|a".repeat(5_000)}\n${"|-".repeat(5_000)}`],
    ["blanks", `${" ".repeat(50_000)}a`],
    ["depth", Array.from({ length: 500 }, (_, depth) => `${" ".repeat(2 * depth)}- a`).join("\n")],
    ["one word", "a".repeat(300_000)],
    ["ends of an address", `https://a${")".repeat(200_000)}`],
    ["more ends of an address", `https://a${".)".repeat(100_000)}`],
    ["a long end of a table's head", `| a |\n-${" ".repeat(200_000)}b\nc`],
    ["strokes", "~a ".repeat(20_000)],
    ["half formulas", "\\(".repeat(100_000)],
    ["half formulas in a block", "\\( *a".repeat(399)],
    ["half formulas on their lines", "\\[ a\n".repeat(20_000)],
    ["half formulas on the lines of a block", "a\n\\[ *".repeat(399)],
    ["formulas with emphasis", "\\(a\\)*b".repeat(399)],
    ["NULs", "\u0000".repeat(5_000)],
    ["halves of characters", "\ud83c".repeat(1_000)],
  ])("shows in time what is written to break it: %s", (_, written) => {
    const begun = performance.now();
    const seen = shown(written, true).textContent!;
    shown(written);
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect(typeof seen).toBe("string");
  });

  it("never fails, whatever is written", () => {
    for (let seed = 1_000; seed < 1_150; seed++) html(text(chance(seed)));
  });

  it.each([
    ["so \\( a^2 \\) and \\[ \\frac{a}{b} \\] it is", ["\\( a^2 \\)", "\\[ \\frac{a}{b} \\]"]],
    ["\\(*a* `b` [c](https://example.org) <b> &amp;\\)", ["\\(*a* `b` [c](https://example.org) <b> &amp;\\)"]],
    ["**where \\(x^*\\) is**, _and \\(y_{i}\\) too_, `\\(` *not* `\\)`", ["\\(x^*\\)", "\\(y_{i}\\)", "\\(", "\\)"]],
    ["So:\n\\[\n- a\n= b\n# c\n| d |\n\\]\nand on", ["\\[\n- a\n= b\n# c\n| d |\n\\]"]],
    ["- So:\n  \\[\n  a \\\\[2pt]\n  \\]\n- on\n\\[ b \\]", ["\\[\na \\\\[2pt]\n\\]", "\\[ b \\]"]],
    ["> \\[ a\n> b \\]", ["\\[ a\nb \\]"]],
    ["an escaped \\( and \\[ and \\\\(a\\\\)\n\nand \\) behind f\\(\\)", []],
  ])("leaves formulas as they are written: %j", (written, formulas) => {
    const container = shown(written);
    expect([...container.querySelectorAll("code")].map(({ textContent }) => textContent)).toEqual(formulas);
    expect([...container.querySelectorAll("code *")]).toEqual([]);
  });

  it("gives a formula that begins a line a block of its own", () => {
    const container = shown("So:\n\\[\na\n\\]\nand \\[ b \\] on.");
    expect([...container.querySelectorAll("p")].map((p) => [p.textContent, p.querySelector("code")?.textContent])).toEqual([
      ["So:", undefined],
      ["\\[\na\n\\]", "\\[\na\n\\]"],
      ["and \\[ b \\] on.", "\\[ b \\]"],
    ]);
  });

  it.each(["The **area \\( \\pi * r_1^2 | x \\)** is *it*.", "So:\n\n\\[\n\\sum_{i}\n= a * b\n- c | d\n\\]\n\nEnd"])(
    "loses no character of a formula while it is written: %j",
    (written) => {
      const { container, rerender } = render(<Markdown text="" growing />);
      const [from, to] = [written.search(/\\[([]/) + 2, written.search(/\\[)\]]/) + 2];
      for (let end = from; end <= to; end++) {
        rerender(<Markdown text={written.slice(0, end)} growing />);
        expect(container.querySelector("code")!.textContent!.trim()).toBe(written.slice(from - 2, end).trim());
      }
    },
  );

  it("is read aloud with the marks of its formulas", () => {
    expect(spoken("So \\( a_1 * b_2 \\):\n\\[\nc\n\\]")).toBe("So \\( a_1 * b_2 \\):\n\\[\nc\n\\]");
  });

  it("is read aloud without its marks", () => {
    expect(spoken("# Title\n\nSome **bold** [link](https://example.org) &amp; `code`.\n\n- one\n  - two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```js\nx = 1\n```")).toBe(
      "Title\nSome bold link & code.\none\ntwo\na, b\n1, 2\nCode in js:\nx = 1",
    );
  });
});
