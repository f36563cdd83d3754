import { afterEach, expect, test, vi } from "vitest";
import { createClient, type Follower } from "../src/index.js";

afterEach(() => vi.unstubAllGlobals());

const follower: Follower = { cursor: () => "", take() {}, live() {}, lost() {}, ended() {} };

/** What comes of following a stream: addresses that were asked for, locks that were. */
async function following(options: { page?: EventTarget; locks?: boolean }, act = (_stop: () => void) => {}) {
  const asked: string[] = [];
  const locks = options.locks ? { request: (name: string) => (asked.push(name), new Promise(() => {})) } : undefined;
  vi.stubGlobal("navigator", { locks });
  const fetching: typeof fetch = (url) => (asked.push(String(url)), new Promise(() => {}));
  const client = createClient({ url: "http://server", fetch: fetching, ...(options.page && { page: options.page }) });
  const stop = client.follow("/threads/events", follower);
  act(stop);
  await import("../src/tabs.js");
  for (let turn = 0; !asked.length && turn < 1_000; turn++) await new Promise((resolve) => setImmediate(resolve));
  stop();
  return asked;
}

test("a page follows with all tabs of its browser, where that has locks", async () => {
  const page = new EventTarget();
  expect(await following({ page, locks: true })).toEqual([expect.stringMatching(/^livethread 1 /)]);
  expect(await following({ page, locks: false })).toEqual(["http://server/v1/threads/events"]);
  expect(await following({ locks: true })).toEqual(["http://server/v1/threads/events"]);
});

test("what is stopped at once is never followed", async () => {
  expect(await following({ page: new EventTarget(), locks: true }, (stop) => stop())).toEqual([]);
});

test("a stream is followed as the options say", () => {
  const asked: unknown[] = [];
  const page = new EventTarget();
  const client = createClient({
    page,
    follow: (...of) => {
      asked.push(of);
      return () => asked.push("stopped");
    },
  });
  client.follow("/threads/events", follower)();
  expect(asked).toEqual([[client.http, "/threads/events", follower, page], "stopped"]);
});
