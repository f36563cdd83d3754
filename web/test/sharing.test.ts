import { afterEach, expect, test, vi } from "vitest";
import { canShare, shared } from "../src/app/sharing";

afterEach(() => vi.unstubAllGlobals());

const refuse = (name: string) => () => Promise.reject(new DOMException("No.", name));

test.each([
  [async () => {}, null, []],
  [refuse("AbortError"), null, []],
  [refuse("NotAllowedError"), "The link is copied.", ["http://server/#thread_1"]],
])("a link is given to an app that its reader chooses; where that fails it is copied", async (share, said, copies) => {
  const copied: string[] = [];
  const given = vi.fn(share);
  vi.stubGlobal("navigator", { share: given, clipboard: { writeText: async (text: string) => void copied.push(text) } });
  expect([canShare(), await shared("Tides", "http://server/#thread_1")]).toEqual([true, said]);
  expect([given.mock.calls, copied]).toEqual([[[{ title: "Tides", url: "http://server/#thread_1" }]], copies]);
});

test("not every device can", () => {
  vi.stubGlobal("navigator", {});
  expect(canShare()).toBe(false);
});
