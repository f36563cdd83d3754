import { describe, expect, it } from "vitest";
import { Decoder, type SseEvent } from "../src/sse.js";
import { read } from "./cases.js";

const cases = read("sse.json").cases as {
  name: string;
  stream?: string;
  hex?: string;
  events: SseEvent[];
}[];

function check(expected: (typeof cases)[number], pieces: string[]): void {
  const decoder = new Decoder();
  expect(pieces.flatMap((piece) => decoder.feed(piece))).toStrictEqual(expected.events);
}

/**
 * As the `TextDecoder` of a browser makes text of bytes: the first byte order mark is dropped. Node's own drops a second
 * one, too, where the stream is cut behind the first.
 */
function texts(pieces: Uint8Array[]): string[] {
  const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
  const all = [...pieces.map((piece) => utf8.decode(piece, { stream: true })), utf8.decode()];
  const first = all.findIndex(Boolean);
  return all.map((text, at) => (at === first ? text.replace(/^\ufeff/, "") : text));
}

describe.each(cases.map((one) => [one.name, one] as const))("%s", (_, one) => {
  const bytes = one.hex ? Uint8Array.from(Buffer.from(one.hex, "hex")) : new TextEncoder().encode(one.stream);

  it("in one piece", () => check(one, texts([bytes])));

  it("cut anywhere", () => {
    for (let cut = 1; cut < bytes.length; cut++) check(one, texts([bytes.slice(0, cut), bytes.slice(cut)]));
    check(one, texts([...bytes].map((byte) => Uint8Array.of(byte))));
    check(one, texts([bytes]).flatMap((text) => [...text].flatMap((character) => ["", character])));
  });
});

describe("a decoder", () => {
  it("does not wait behind a CR for an LF", () => {
    const decoder = new Decoder();
    expect(decoder.feed("data: a\r\r")).toHaveLength(1);
    expect(decoder.feed("\n")).toEqual([]);
    expect(decoder.feed("data: b\r")).toEqual([]);
    expect(decoder.feed("\n")).toEqual([]);
    expect(decoder.feed("\r")).toMatchObject([{ data: "b" }]);
  });

  it("takes a long event in small pieces in linear time", () => {
    const decoder = new Decoder(); // quadratic copying would move 500 GB
    decoder.feed("data: ");
    for (let count = 0; count < 1_000_000; count++) decoder.feed("x");
    expect(decoder.feed("\n\n")[0]!.data).toHaveLength(1_000_000);
  });
});
