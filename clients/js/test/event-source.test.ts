import { readFileSync } from "node:fs";
import { afterEach, expect, test, vi } from "vitest";
import { eventSource } from "../src/event-source.js";
import { createHttp } from "../src/http.js";
import type { SseEvent } from "../src/sse.js";
import { Moments } from "./stage.js";

/** The browser's own, as far as it is used; what happens to it is said by the test. */
class FakeSource extends EventTarget {
  static readonly CLOSED = 2;
  static made: FakeSource[] = [];
  readonly types: string[] = [];
  onopen = () => {};
  readyState = 0;

  constructor(readonly url: string) {
    super();
    FakeSource.made.push(this);
  }

  override addEventListener(type: string, listen: EventListener): void {
    this.types.push(type);
    super.addEventListener(type, listen);
  }

  open(): void {
    this.readyState = 1;
    this.onopen();
  }

  tell(id: number, type = "thread.updated"): void {
    this.dispatchEvent(new MessageEvent(type, { data: `{"id":${id}}`, lastEventId: `${id}` }));
  }

  fail(readyState: number): void {
    this.readyState = readyState;
    this.dispatchEvent(new Event("error"));
  }

  close(): void {
    this.readyState = FakeSource.CLOSED;
  }
}

afterEach(() => {
  FakeSource.made = [];
  vi.unstubAllGlobals();
});

/** Somebody who follows; whoever asks by `fetch` is answered with a status. */
function following(status = 200, options: { path?: string; token?: string; cursor?: string } = {}) {
  vi.stubGlobal("EventSource", FakeSource);
  const moments = new Moments();
  const told: string[] = [];
  const taken: SseEvent[] = [];
  const asked: string[] = [];
  const http = createHttp({
    url: "http://server", ...options, random: () => 1, now: () => moments.now, after: moments.after,
    fetch: async (url) => {
      asked.push(String(url));
      return new Response(null, { status, headers: { "Content-Type": "text/event-stream", "Retry-After": "2" } });
    },
  });
  const stop = eventSource(
    http,
    options.path ?? "/threads/t/events?",
    {
      cursor: () => options.cursor ?? taken.at(-1)?.id ?? null,
      take: (event) => void taken.push(event),
      live: () => told.push("live"),
      lost: (status, why) => told.push(why ? `${status}: ${why.name}` : status),
      ended: (why) => told.push(`ended${why ? `: ${why.message}` : ""}`),
    },
    undefined,
  );
  return { moments, told, taken, asked, stop, now: () => FakeSource.made.at(-1)! };
}

test("a source that was cut is followed by another one, which goes on from the cursor", async () => {
  const { moments, told, taken, now, stop } = following();
  now().open();
  now().tell(1);
  now().tell(2);
  now().fail(0);
  await moments.pass(249);
  expect(FakeSource.made.length).toBe(1);
  await moments.pass(1);
  now().open();
  now().tell(3);
  expect(FakeSource.made.map(({ url, readyState }) => [url, readyState])).toEqual([
    ["http://server/v1/threads/t/events?", FakeSource.CLOSED],
    ["http://server/v1/threads/t/events?&cursor=2", 1],
  ]);
  expect(taken.map(({ id }) => id)).toEqual(["1", "2", "3"]);
  expect(told).toEqual(["live", "reconnecting", "live"]);
  stop();
  await moments.pass(0);
  expect([now().readyState, moments.waiting]).toEqual([FakeSource.CLOSED, 0]);
});

test.each([
  [204, "ended"],
  [404, "ended: http://server/v1 answers 404; check that a Livethread server is there."],
  [503, "reconnecting: ApiError"],
  [200, "reconnecting"],
])("a source that has given up is explained by asking (%i)", async (status, expected) => {
  const { moments, told, asked, now, stop } = following(status);
  now().fail(FakeSource.CLOSED);
  await moments.pass(0);
  expect(asked).toEqual(["http://server/v1/threads/t/events?"]);
  expect(told).toEqual([expected]);
  stop();
});

test("too many viewers are no end", async () => {
  const { moments, told, asked, taken, now, stop } = following();
  now().open();
  now().dispatchEvent(new MessageEvent("error", { data: "{}" }));
  await moments.pass(250);
  expect([told, asked, taken, FakeSource.made.length]).toEqual([["reconnecting"], [], [], 2]);
  stop();
});

test("a silent source is replaced, since the server's signs of life cannot be seen; one that does not open is dead", async () => {
  const { moments, told, now, stop } = following();
  now().open();
  now().tell(1);
  await moments.pass(30_000);
  expect(FakeSource.made.map(({ readyState }) => readyState)).toEqual([FakeSource.CLOSED, 0]);
  now().open();
  await moments.pass(30_000);
  expect([told, FakeSource.made.length]).toEqual([["live"], 3]);
  await moments.pass(15_250);
  expect([told, FakeSource.made.length]).toEqual([["live", "reconnecting"], 4]);
  stop();
});

test("where events have no ids a silent source is lost, so that who follows reads what it has missed", async () => {
  const { moments, told, now, stop } = following(200, { cursor: "" });
  now().open();
  await moments.pass(30_250);
  expect([told, FakeSource.made.length]).toEqual([["live", "reconnecting"], 2]);
  now().open();
  expect(told).toEqual(["live", "reconnecting", "live"]);
  stop();
});

test("a thread that is deleted is the end", async () => {
  const { moments, told, now } = following();
  now().open();
  now().tell(1, "thread.deleted");
  await moments.pass(60_000);
  expect([told, now().readyState, moments.waiting]).toEqual([["ended"], FakeSource.CLOSED, 0]);
});

test("a token, which it cannot send, is refused in words", () => {
  const { told } = following(200, { token: "secret" });
  expect(told).toEqual(["ended: An EventSource cannot send a token; leave out either the token or `follow: eventSource`."]);
  expect(FakeSource.made).toEqual([]);
});

test("no type of the server's streams is left out", () => {
  const { now, stop } = following();
  const source = readFileSync(new URL("../../../src/livethread/domain/events.py", import.meta.url), "utf8");
  const types = [...new Set(source.match(/(?<=")thread\.[a-z_.]+(?=")/g))];
  expect(types.length).toBeGreaterThan(25);
  expect(now().types.filter((type) => type !== "error").sort()).toEqual([...types, "thread.listed"].sort());
  stop();
});
