import { describe, expect, it } from "vitest";
import { type Block, type Growth, grown, NOTHING, shown } from "../../src/conversation/markdown/blocks";
import { chance, prefixes, text } from "./random";

const whole = (text: string) => shown(grown(NOTHING, text), false);
const inPieces = (pieces: string[]) => shown(pieces.reduce<Growth>(grown, NOTHING), false);
const kinds = (text: string) => whole(text).groups.flat().map(({ kind, raw, of }) => [kind, raw, of] as const);

describe("the blocks of a text", () => {
  it("are the same in the end however it came in pieces", () => {
    for (let seed = 0; seed < 600; seed++) {
      const pick = chance(seed);
      const written = text(pick);
      expect(inPieces(prefixes(written, pick)), `seed ${seed}`).toEqual(whole(written));
    }
  });

  it("are at any moment those of the text so far, but that they may go on", () => {
    for (let seed = 0; seed < 200; seed++) {
      const pick = chance(seed);
      const now = prefixes(text(pick), pick);
      let growth: Growth = NOTHING;
      for (const so_far of now) {
        growth = grown(growth, so_far);
        const plain = ({ groups }: Pick<Growth, "groups">) => groups.flat().map((block) => ({ ...block, open: false }));
        expect(plain(shown(growth, true)), `seed ${seed}`).toEqual(plain(whole(so_far)));
      }
    }
  });

  it("hold every character that is not blank, in its order, but the fences of code", () => {
    for (let seed = 0; seed < 300; seed++) {
      const written = text(chance(seed)).replace(/[`~|]/g, "");
      const raw = whole(written).groups.flat().map((block) => block.raw).join("");
      expect(raw.replace(/\s/g, ""), `seed ${seed}`).toBe(written.replace(/\s/g, ""));
    }
  });

  it("stay the same objects once they are closed", () => {
    const before = grown(NOTHING, "One.\n\nTwo.\n\nThree.\n\nFour");
    const now = grown(before, "One.\n\nTwo.\n\nThree.\n\nFour and more.\n\nFive\n");
    const closed = ({ groups }: Growth) => groups.flat();
    expect(closed(before)).toHaveLength(2);
    closed(before).forEach((block, index) => expect(closed(now)[index]).toBe(block));
  });

  it("begin anew with a text that does not go on as before", () => {
    expect(shown(grown(grown(NOTHING, "One.\n\nTwo."), "Another."), false)).toEqual(whole("Another."));
  });

  it.each([
    ["paragraphs", Array.from({ length: 2_000 }, (_, n) => `Paragraph ${n}.\n\n`).join("")],
    ["items", Array.from({ length: 2_000 }, (_, n) => `- item ${n}\n`).join("")],
    ["numbered items", Array.from({ length: 2_000 }, (_, n) => `${n + 1}. item\n   with more\n\n`).join("")],
    ["rows", `| a | b |\n|---|---|\n${"| x | y |\n".repeat(2_000)}`],
  ])("are short where a long text consists of %s", (_, written) => {
    const last = shown(grown(NOTHING, written), true).groups.flat().at(-1)!;
    expect(last.raw.length).toBeLessThan(250);
  });

  it("define no more than some 200 references", () => {
    const { links } = grown(NOTHING, Array.from({ length: 1_000 }, (_, n) => `[r${n}]: /a\n\n`).join(""));
    expect(Object.keys(links)).toHaveLength(200);
  });

  it("come in groups, of which only the last changes", () => {
    const growth = grown(NOTHING, "word\n\n".repeat(100));
    const more = grown(growth, `${"word\n\n".repeat(101)}`);
    expect(growth.groups.map((group) => group.length)).toEqual([32, 32, 32, 3]);
    more.groups.slice(0, 3).forEach((group, index) => expect(group).toBe(growth.groups[index]));
  });

  it("are as a reader sees them", () => {
    expect(kinds("Look:\n- one\n- two\n  more\n\n  and more\n\nEnd")).toEqual([
      ["prose", "Look:\n", 0],
      ["item", "- one\n", 1],
      ["item", "- two\n  more\n\n  and more\n\n", 1],
      ["prose", "End", 0],
    ]);
    expect(kinds("1. one\n- other\n\n- last\n# Head")).toEqual([
      ["item", "1. one\n", 1],
      ["item", "- other\n\n", 2],
      ["item", "- last\n", 2],
      ["prose", "# Head", 0],
    ]);
    expect(kinds("It was\n1986. A good year\n")).toEqual([["prose", "It was\n1986. A good year\n", 0]]);
    expect(kinds("* * *\n* a")).toEqual([
      ["prose", "* * *\n", 0],
      ["item", "* a", 1],
    ]);
  });

  it.each([
    ["```js\na\n\nb\n```\nend", "js", "a\n\nb"],
    ["````\n```\n````", "", "```"],
    ["~~~ py extra\n# no heading\n~~~~", "py", "# no heading"],
    ["  ```\n  a\n    b\n c\n  ```", "", "a\n  b\nc"],
    ["Text:\n```\ncode", "", "code"],
    ["- item\n```\ncode\n```", "", "code"],
    ["```", "", ""],
    ["```\r\na\r\nb\r\n```\r\n", "", "a\nb"],
  ])("know code between fences: %j", (written, language, code) => {
    const found = whole(written).groups.flat().find(({ kind }) => kind === "code") as Block;
    expect([found.language, found.raw]).toEqual([language, code]);
  });

  it("leave a fence within an item to the item", () => {
    expect(kinds("- item\n  ```\n  code\n\n  more\n  ```\n- next").map(([kind]) => kind)).toEqual(["item", "item"]);
  });

  it("bring the head of their table along", () => {
    const rows = whole(`| a | b |\n|---|---|\n${"| x | y |\n".repeat(40)}`).groups.flat();
    expect(rows.map(({ kind, of, raw }) => [kind, of, raw.split("\n", 2).join()])).toEqual(
      Array.from({ length: 3 }, () => ["rows", 1, "| a | b |,|---|---|"]),
    );
  });

  it("know where references lead to, wherever they are defined", () => {
    const { links } = whole("See [it].\n\n> [it]: https://example.org\n\n[it]: https://example.com\n\n[other]: https://example.net");
    expect(Object.entries(links).map(([name, { href }]) => [name, href])).toEqual([
      ["other", "https://example.net"],
      ["it", "https://example.org"],
    ]);
  });
});
