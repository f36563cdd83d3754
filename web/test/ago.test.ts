import { expect, test } from "vitest";
import { ago, exactly } from "../src/look/ago";

const NOW = new Date(2026, 10, 21, 12).getTime() / 1000;

test.each([
  [-30, "now"],
  [59, "now"],
  [60, "1m"],
  [59 * 60 + 59, "59m"],
  [3600, "1h"],
  [86_399, "23h"],
])("%d seconds ago is %s", (passed, words) => {
  expect(ago(NOW - passed, NOW)).toBe(words);
});

test("a time that no calendar has is told to no machine", () => {
  expect([exactly(0), exactly(9e15)]).toEqual(["1970-01-01T00:00:00.000Z", undefined]);
});

test("further back it is a day", () => {
  expect([ago(NOW - 86_400, NOW), ago(NOW - 2 * 86_400, NOW), ago(NOW - 40 * 86_400, NOW), ago(NOW - 400 * 86_400, NOW)]).toEqual([
    new Date(2026, 10, 20).toLocaleDateString(undefined, { weekday: "short" }),
    new Date(2026, 10, 19).toLocaleDateString(undefined, { weekday: "short" }),
    new Date(2026, 9, 12).toLocaleDateString(undefined, { day: "numeric", month: "short" }),
    new Date(2025, 9, 17).toLocaleDateString(undefined, { day: "numeric", month: "short", year: "numeric" }),
  ]);
});
