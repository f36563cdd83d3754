import { beforeEach, expect, test, vi } from "vitest";
import { LONGEST, newUserId, trimmed, whyNot } from "../src/app/person";

beforeEach(() => {
  localStorage.clear();
  vi.resetModules();
});

test.each(["Ann", " Ann ", "李小龙", "👩‍🚀👨‍🚀🚀", "Ann  Lee", "x".repeat(LONGEST)])("%j is a nickname", (name) => {
  expect(whyNot(name)).toBe(null);
});

test.each([
  ["", "Choose a nickname of at least 3 characters."],
  ["   ", "Choose a nickname of at least 3 characters."],
  ["A", "2 more characters, please: a nickname has at least 3."],
  [" An ", "1 more character, please: a nickname has at least 3."],
  ["x".repeat(LONGEST + 2), "2 too many: a nickname has at most 64 characters."],
  ["Ann\u0007Lee", "A nickname has no control characters."],
  ["\u200b\u200b\u200b", "A nickname has no control characters."],
  ["\u202eeel nnA", "A nickname has no control characters."],
])("%j is none, and why is told", (name, reason) => {
  expect(whyNot(name)).toBe(reason);
});

test("blanks around a nickname are no part of it", () => {
  expect(trimmed("  Ann \t Lee\n")).toBe("Ann Lee");
});

test("every browser is another person", () => {
  const ids = Array.from({ length: 50 }, newUserId);
  expect(new Set(ids).size).toBe(50);
  expect(ids.filter((id) => !/^user_[0-9a-f]{24}$/.test(id))).toEqual([]);
});

test.each([
  ['{"user_id":"user_1","name":" Ann "}', { user_id: "user_1", name: "Ann" }],
  ['{"user_id":"user 1","name":"Ann"}', null],
  ['{"user_id":"user_1","name":"An"}', null],
  ['{"user_id":7}', null],
  ["null", null],
  ["{", null],
])("a browser that has kept %s knows %j", async (text, me) => {
  localStorage.setItem("livethread.person", text);
  const { person } = await import("../src/app/person");
  expect(person.get()).toEqual(me);
});
