import { expect, test } from "vitest";
import { follow } from "../src/connection.js";
import { createHttp } from "../src/http.js";
import type { SseEvent } from "../src/sse.js";
import { Moments } from "./stage.js";

const STREAM = { headers: { "Content-Type": "text/event-stream; charset=utf-8" } };
const event = (id: number, type = "thread.updated", data = `{"id":${id}}`) => `event: ${type}\ndata: ${data}\nid: ${id}\n\n`;

interface Script {
  /** The pieces of a stream, and whether it goes on in silence behind them, is cut or ends. */
  pieces?: (string | Uint8Array)[];
  then?: "silence" | "cut" | "end";
  status?: number;
  headers?: Record<string, string>;
}

/** Somebody who follows a stream that is played by a list; whoever asks once more hears nothing. */
function scripted(...answers: (Script | Error)[]) {
  const moments = new Moments();
  const page = new EventTarget();
  const asked: { at: number; cursor: string | undefined; signal: AbortSignal }[] = [];
  const told: string[] = [];
  const taken: SseEvent[] = [];
  const fetching: typeof fetch = async (_, init) => {
    const headers = init!.headers as Record<string, string>;
    const signal = init!.signal!;
    asked.push({ at: moments.now, cursor: headers["Last-Event-ID"], signal });
    const answer = answers.shift() ?? { pieces: [] };
    if (answer instanceof Error) throw answer;
    if (!answer.pieces) return new Response(null, { status: answer.status!, headers: answer.headers! });
    const { pieces, then = "silence" } = answer;
    const body = new ReadableStream<Uint8Array>({
      start(sink) {
        signal.addEventListener("abort", () => sink.error(signal.reason));
        for (const piece of pieces) sink.enqueue(typeof piece === "string" ? new TextEncoder().encode(piece) : piece);
        if (then === "end") sink.close();
        if (then === "cut") setImmediate(() => setImmediate(() => sink.error(new TypeError("cut"))));
      },
    });
    return new Response(body, STREAM);
  };
  const http = createHttp({
    url: "http://server", fetch: fetching, random: () => 1, now: () => moments.now, after: moments.after,
  });
  const stop = follow(
    http,
    "/threads/t/events",
    {
      cursor: () => taken.at(-1)?.id ?? null,
      take: (one) => void taken.push(one),
      live: () => told.push("live"),
      lost: (status, why) => told.push(why ? `${status}: ${why.name}` : status),
      ended: (why) => told.push(`ended${why ? `: ${why.message}` : ""}`),
    },
    page,
  );
  const ids = () => taken.map(({ id }) => id);
  const times = () => asked.map(({ at }) => at);
  return { moments, page, asked, told, taken, ids, times, stop };
}

test("a stream goes on by its cursor wherever it was cut", async () => {
  const { moments, asked, told, ids, stop } = scripted(
    { pieces: [event(1), event(2), "event: thread.upd"], then: "cut" },
    { pieces: [event(3)], then: "end" },
    { pieces: [":\n"] },
  );
  await moments.pass(1_000);
  expect(ids()).toEqual(["1", "2", "3"]);
  expect(asked.map(({ cursor }) => cursor)).toEqual([undefined, "2", "3"]);
  expect(told).toEqual(["live", "reconnecting", "live", "reconnecting", "live"]);
  stop();
});

test("characters that are cut in two come whole", async () => {
  const bytes = new TextEncoder().encode(event(1, "thread.updated", '"a🌳ä"'));
  const { moments, taken, stop } = scripted({ pieces: [...bytes].map((byte) => Uint8Array.of(byte)) });
  await moments.pass(0);
  expect(taken.map(({ data }) => data)).toEqual(['"a🌳ä"']);
  stop();
});

test("attempts become ever more seldom, up to 15 seconds, until one brings something", async () => {
  const net = () => new TypeError("net");
  const { moments, times, told, stop } = scripted(
    ...Array.from({ length: 8 }, net), { pieces: [event(1)], then: "end" }, { pieces: [":\n"] },
  );
  await moments.pass(120_000);
  const gaps = times().map((at, index, all) => at - (all[index - 1] ?? 0)).slice(1);
  expect(gaps).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 250, ...gaps.slice(9)]);
  expect(told.slice(0, 10)).toEqual([
    ...Array(8).fill("reconnecting: Unreachable"), "live", "reconnecting",
  ]);
  stop();
});

test("a server that asks for time is given it, in its stream and by its refusal", async () => {
  const { moments, times, told, stop } = scripted(
    { pieces: ["event: error\ndata: {}\nretry: 15000\n\n"], then: "end" },
    { status: 503, headers: { "Retry-After": "20" } },
    { pieces: [event(1)] },
  );
  await moments.pass(60_000);
  expect(times().slice(0, 3)).toEqual([0, 18_750, 43_750]);
  expect(told.slice(0, 3)).toEqual(["reconnecting", "reconnecting: ApiError", "live"]);
  stop();
});

test("a stream that is silent for 45 seconds is dead; a keep-alive is a sign of life", async () => {
  const { moments, times, asked, stop } = scripted({ pieces: [event(1)] });
  await moments.pass(44_999);
  expect(times()).toEqual([0]);
  await moments.pass(500);
  expect(times()).toEqual([0, 45_250]);
  expect(asked[0]!.signal.aborted).toBe(true);
  stop();
});

test.each([401, 403, 404])("a refusal is final (%i)", async (status) => {
  const { moments, times, told } = scripted({ status });
  await moments.pass(60_000);
  expect(times()).toEqual([0]);
  expect(told).toEqual([expect.stringContaining(`ended: http://server/v1 answers ${status};`)]);
  expect(moments.waiting).toBe(0);
});

test("a deleted thread ends it, also where it has been deleted before", async () => {
  const one = scripted({ pieces: [event(1), event(2, "thread.deleted"), event(3)] });
  const other = scripted({ pieces: [event(1)], then: "end" }, { status: 204 });
  await one.moments.pass(60_000);
  await other.moments.pass(60_000);
  expect(one.ids()).toEqual(["1", "2"]);
  expect([one.times(), one.told]).toEqual([[0], ["live", "ended"]]);
  expect(other.told).toEqual(["live", "reconnecting", "ended"]);
});

test("something else that answers is no server, and asked again", async () => {
  const { moments, told, stop } = scripted({ status: 200, headers: { "Content-Type": "text/html" } }, { pieces: [event(1)] });
  await moments.pass(1_000);
  expect(told).toEqual(["reconnecting: Unreachable", "live"]);
  stop();
});

test("without a network it is offline, and asks at once when there is one again", async () => {
  const { moments, page, times, told, stop } = scripted(
    { pieces: [event(1)] }, new TypeError("net"), new TypeError("net"), { pieces: [event(2)] },
  );
  await moments.pass(10_000);
  page.dispatchEvent(new Event("offline"));
  await moments.pass(300);
  expect(told.slice(0, 2)).toEqual(["live", "offline"]);
  expect(told.slice(2).every((status) => status.startsWith("offline"))).toBe(true);
  page.dispatchEvent(new Event("online"));
  await moments.pass(0);
  expect(times().at(-1)).toBe(10_300);
  page.dispatchEvent(new Event("pageshow"));
  await moments.pass(0);
  expect(told.at(-1)).toBe("live");
  stop();
});

test("who comes back to the page does not wait for a pause, nor for a stream that has been silent too long", async () => {
  const { moments, page, times, stop } = scripted(
    ...Array.from({ length: 6 }, () => new TypeError("net")), { pieces: [event(1)] }, { pieces: [event(2)] },
  );
  await moments.pass(9_000); // in the pause behind the sixth attempt, that of eight seconds
  expect(times().length).toBe(6);
  page.dispatchEvent(new Event("visibilitychange"));
  await moments.pass(10_000);
  expect(times().at(-1)).toBe(9_000);
  page.dispatchEvent(new Event("visibilitychange"));
  await moments.pass(0);
  expect(times().length).toBe(7); // it was heard of ten seconds ago
  await moments.pass(11_000);
  page.dispatchEvent(new Event("visibilitychange"));
  await moments.pass(0);
  expect(times().slice(7)).toEqual([30_000]);
  stop();
});

test("who does not want it any more leaves nothing behind", async () => {
  const standing = scripted({ pieces: [event(1)] });
  const resting = scripted(new TypeError("net"));
  await standing.moments.pass(0);
  await resting.moments.pass(0);
  for (const { stop, moments, page, asked } of [standing, resting]) {
    stop();
    page.dispatchEvent(new Event("online"));
    await moments.pass(60_000);
    expect([asked.length, moments.waiting]).toEqual([1, 0]);
    expect(asked[0]!.signal.aborted).toBe(true);
  }
});
