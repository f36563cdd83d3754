import { describe, expect, it } from "vitest";
import { cut, type Piece } from "../../src/conversation/pieces";

const keys = (...keys: string[]) => keys.map((key) => ({ key }));
const shown = (pieces: readonly Piece<{ key: string }>[]) => pieces.map(({ key, items }) => `${key}: ${items.map(({ key }) => key).join("")}`);
const all = (letters: string) => keys(...letters);

describe("a list in pieces", () => {
  it("is cut from its beginning", () => {
    expect(shown(cut([], all("abcdefg"), 3))).toEqual(["a: abc", "d: def", "g: g"]);
  });

  it("grows in its last piece, and then in another", () => {
    const before = cut([], all("abcde"), 3);
    expect(shown(cut(before, all("abcdef"), 3))).toEqual(["a: abc", "d: def"]);
    expect(shown(cut(before, all("abcdefgh"), 3))).toEqual(["a: abc", "d: def", "g: gh"]);
  });

  it("grows in front from the end of what comes, a short first piece being filled and keeping its key", () => {
    const before = cut([], all("xyz"), 3);
    const more = cut(before, all("vwxyz"), 3);
    expect(shown(more)).toEqual(["v: vw", "x: xyz"]);
    expect(shown(cut(more, all("qrstuvwxyz"), 3))).toEqual(["q: q", "r: rst", "v: uvw", "x: xyz"]);
  });

  it("leaves what follows as it is where something is taken out", () => {
    const before = cut([], all("abcdefghi"), 3);
    const now = cut(before, all("abcefghi"), 3);
    expect(shown(now)).toEqual(["a: abc", "d: ef", "g: ghi"]);
  });

  it("may become another list altogether, or empty", () => {
    const before = cut([], all("abc"), 3);
    expect([shown(cut(before, all("xy"), 3)), cut(before, [], 3)]).toEqual([["x: xy"], []]);
  });
});
