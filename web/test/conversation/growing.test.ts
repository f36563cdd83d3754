import { describe, expect, it } from "vitest";
import { mended } from "../../src/conversation/markdown/growing";

describe("the end of a text that grows", () => {
  it.each([
    ["a **bold", "a **bold**"],
    ["a **bold ", "a **bold**"],
    ["a **", "a "],
    ["a *", "a "],
    ["**a *b", "**a *b***"],
    ["***both", "***both***"],
    ["2 * 3", "2 * 3"],
    ["a_b_c", "a_b_c"],
    ["a ~~gone", "a ~~gone~~"],
    ["call `f(x", "call `f(x`"],
    ["call `", "call "],
    ["a ``x ` y", "a ``x ` y``"],
    ["**a** and `b` and", "**a** and `b` and"],
    ["see [the page](https://exa", "see the page"],
    ["see [the pa", "see the pa"],
    ["see [the page](https://example.org).", "see [the page](https://example.org)."],
    ["see **[the pa", "see **the pa**"],
    ["a ![chart](https://exa", "a "],
    ["a ![cha", "a "],
    ["- [", "- ["],
    ["- [x", "- [x"],
    ["\\*not", "\\*not"],
  ])("completes what %j begins", (written, shown) => {
    expect(mended(written)).toBe(shown);
  });

  it.each([
    ["Title\n-", "Title\n"],
    ["Title\n==", "Title\n"],
    ["Text\n``", "Text\n"],
    ["- one\n-", "- one\n"],
    ["1. one\n2.", "1. one\n"],
    ["> quote\n>", "> quote\n"],
    ["##", ""],
  ])("leaves out what %j ends with until it is decided", (written, shown) => {
    expect(mended(written)).toBe(shown);
  });

  it.each([
    ["| Na", "| Na |\n| - |"],
    ["| Name | Ra", "| Name | Ra |\n| - | - |"],
    ["| Name | Range |\n", "| Name | Range |\n| - | - |"],
    ["| Name | Range |\n|--", "| Name | Range |\n| - | - |"],
    ["Text.\n\n| Name", "Text.\n\n| Name |\n| - |"],
    ["| a |\n|---|\n| **b", "| a |\n|---|\n| **b**"],
  ])("shows a table from its first cell on: %j", (written, shown) => {
    expect(mended(written)).toBe(shown);
  });

  it("closes nothing that was opened in another item or paragraph", () => {
    expect(mended("- a *b\n- c")).toBe("- a *b\n- c");
    expect(mended("a *b\n\nc")).toBe("a *b\n\nc");
  });
});
