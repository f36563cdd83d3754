import { beforeEach, expect, test, vi } from "vitest";

beforeEach(() => {
  localStorage.clear();
  vi.resetModules(); // as in a page that is loaded anew
});

const names = () => import("../src/app/assistantNames");
const assistant = (id: string, name: string | null = id.toUpperCase()) => ({ id, name, description: null, model: "a/model" });

test("the names of assistants outlive them and the page", async () => {
  (await names()).remember([assistant("a"), assistant("b", null)]);
  vi.resetModules();
  const { nameOfGone, remember } = await names();
  remember([assistant("c")]);
  expect(["a", "b", "c", "d", null].map(nameOfGone)).toEqual(["A", "a/model", "C", undefined, undefined]);
});

test("the newest names are kept, and not without end", async () => {
  const { nameOfGone, remember } = await names();
  remember([assistant("first")]);
  remember(Array.from({ length: 300 }, (_, n) => assistant(`a${n}`)));
  expect([nameOfGone("first"), nameOfGone("a0"), nameOfGone("a299")]).toEqual([undefined, "A0", "A299"]);
});

test.each(["{", "{}", "[1]", '[["a"]]', '[["a",1]]'])("what is no list of names is none: %s", async (text) => {
  localStorage.setItem("livethread.names", text);
  expect((await names()).nameOfGone("a")).toBe(undefined);
});
