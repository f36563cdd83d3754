/** What is said over a socket, and what is made of what it hears. */

import { expect, test } from "vitest";
import { createHttp, type HttpOptions } from "../src/http.js";
import { socketIo } from "../src/socket-io.js";
import type { SseEvent } from "../src/sse.js";
import { fakeIo } from "./io.js";
import { Moments } from "./stage.js";

const LEFT = ["unsubscribe", { thread_id: "a" }];

/** A client whose sockets are played. */
function playing(options: HttpOptions = {}) {
  const moments = new Moments();
  const page = new EventTarget();
  const asked: string[] = [];
  const http = createHttp({
    url: "http://server", random: () => 1, now: () => moments.now, after: moments.after,
    fetch: async (url) => {
      asked.push(String(url));
      return new Response(null, { status: 404 });
    },
    ...options,
  });
  const { io, made, now } = fakeIo();
  const follow = socketIo(io, { transports: ["websocket"] });
  /** Somebody who follows, and what that one is told. */
  const viewer = (path: string, cursor: string | null = null) => {
    const told: string[] = [];
    const taken: SseEvent[] = [];
    const to = {
      cursor: () => taken.findLast(({ id }) => id)?.id ?? cursor,
      take: (event: SseEvent) => void taken.push(event),
      live: () => void told.push("live"),
      lost: (status: string, why?: Error) => void told.push(why ? `${status}: ${why.name}` : status),
      ended: (why?: Error) => void told.push(`ended${why ? `: ${why.name} ${why.message}` : ""}`),
    };
    return { told, taken, stop: follow(http, path, to, page), ids: () => taken.map(({ id }) => id) };
  };
  return { moments, page, asked, made, now, viewer };
}

test("all threads of a client go over one socket, which bears its key", async () => {
  const { made, now, viewer, moments } = playing({ url: "http://server/chat/v1", token: "secret" });
  const one = viewer("/threads/a/events?name=Ann&user_id=ann-7&limit=5");
  const other = viewer("/threads/b%2Fc/events?snapshot=none");
  now().tell("connect");
  expect(made.map(({ url, options }) => [url, options])).toEqual([
    [
      "http://server",
      {
        path: "/chat/socket.io/", transports: ["websocket"], auth: { token: "secret" },
        forceNew: true, reconnection: false,
      },
    ],
  ]);
  expect(now().said).toEqual([
    ["subscribe", { thread_id: "a", name: "Ann", user_id: "ann-7", limit: 5 }],
    ["subscribe", { thread_id: "b/c", snapshot: false }],
  ]);
  one.stop();
  expect([now().said.at(-1), now().disconnected]).toEqual([LEFT, false]);
  other.stop();
  await moments.pass(0);
  expect([now().disconnected, moments.waiting, one.told, other.told]).toEqual([true, 0, [], []]);
});

test("it is live behind its first event, and with a cursor once the server has found that", () => {
  const { now, viewer } = playing();
  const fresh = viewer("/threads/a/events");
  const back = viewer("/threads/b/events", "7.b");
  now().tell("connect");
  expect(now().said[1]).toEqual(["subscribe", { thread_id: "b", cursor: "7.b" }]);
  now().answer("subscribe", { verdict: "snapshot" });
  expect([fresh.told, back.told]).toEqual([[], []]);
  now().answer("subscribe", { verdict: "tail" });
  now().event("a", "1.a", "thread.snapshot", { messages: ["木🌳"] });
  now().event("a", null, "thread.presence", { viewers: 1 });
  expect([fresh.told, back.told]).toEqual([["live"], ["live"]]);
  expect(fresh.taken).toEqual([
    { type: "thread.snapshot", data: '{"messages":["木🌳"]}', id: "1.a" },
    { type: "thread.presence", data: '{"viewers":1}', id: "1.a" },
  ]);
});

test("a socket that was cut is followed by another one, after pauses that grow, and all go on from their cursors", async () => {
  const { moments, made, now, viewer } = playing();
  const one = viewer("/threads/a/events");
  const other = viewer("/threads/b/events");
  now().tell("connect");
  now().event("a", "1.a");
  now().event("b", "4.b");
  now().tell("disconnect", "transport close");
  await moments.pass(249);
  expect(made.length).toBe(1);
  await moments.pass(1);
  now().tell("connect_error", new Error("websocket error"));
  await moments.pass(499);
  expect(made.length).toBe(2);
  await moments.pass(1);
  now().tell("connect");
  expect(now().said).toEqual([
    ["subscribe", { thread_id: "a", cursor: "1.a" }],
    ["subscribe", { thread_id: "b", cursor: "4.b" }],
  ]);
  now().event("a", "2.a");
  now().event("b", "5.b");
  made[0]!.event("a", "9.a"); // by a socket that is no more
  expect([one.ids(), other.ids()]).toEqual([["1.a", "2.a"], ["4.b", "5.b"]]);
  expect(one.told).toEqual(["live", "reconnecting", "reconnecting: Unreachable", "live"]);
  now().tell("disconnect", "transport close");
  await moments.pass(250); // something was told: attempts are frequent again
  expect(made.length).toBe(4);
});

test("a socket that says nothing for 45 seconds is dead; a ping is a sign of life", async () => {
  const { moments, made, now, viewer } = playing();
  viewer("/threads/a/events");
  now().tell("connect");
  await moments.pass(40_000);
  now().tell("ping");
  await moments.pass(44_999);
  expect(made.map(({ disconnected }) => disconnected)).toEqual([false]);
  await moments.pass(251);
  expect(made.map(({ disconnected }) => disconnected)).toEqual([true, false]);
});

test("without a network it is offline, and comes back at once; so does who looks again after a while", async () => {
  const { moments, page, made, now, viewer } = playing();
  const { told } = viewer("/threads/a/events");
  now().tell("connect");
  now().event("a", "1.a");
  page.dispatchEvent(new Event("offline"));
  await moments.pass(100);
  expect([told.at(-1), now().disconnected]).toEqual(["offline", true]);
  page.dispatchEvent(new Event("online"));
  await moments.pass(0);
  expect(made.length).toBe(2);
  now().tell("connect");
  now().answer("subscribe", { verdict: "tail" });
  expect(told.at(-1)).toBe("live");
  await moments.pass(21_000);
  page.dispatchEvent(new Event("visibilitychange"));
  await moments.pass(0);
  expect(made.length).toBe(3);
});

test("who comes while nobody answers does not wait for the next attempt", async () => {
  const { moments, made, now, viewer } = playing();
  viewer("/threads/a/events");
  for (let failed = 0; failed < 6; failed++) {
    now().tell("connect_error", new Error("xhr poll error"));
    await moments.pass(failed < 5 ? 8_000 : 100);
  }
  expect(made.length).toBe(6);
  viewer("/threads/b/events");
  await moments.pass(0);
  expect(made.length).toBe(7);
});

test("what was taken in is acknowledged now and then, not packet by packet", async () => {
  const { moments, now, viewer } = playing();
  viewer("/threads/a/events");
  now().tell("connect");
  const acknowledged = () => now().said.filter(([event]) => event === "ack").map(([, said]) => said);
  for (let number = 1; number <= 20; number++) now().event("a", `${number}.a`, "thread.updated", { text: "x".repeat(900) });
  expect(acknowledged()).toEqual([{ thread_id: "a", id: "9.a" }, { thread_id: "a", id: "18.a" }]);
  await moments.pass(999);
  expect(acknowledged().length).toBe(2);
  await moments.pass(1);
  expect(acknowledged().slice(2)).toEqual([{ thread_id: "a", id: "20.a" }]);
  now().event("a", null, "thread.typing"); // which moves no cursor
  await moments.pass(5_000);
  expect(acknowledged().length).toBe(3);
});

test("where the server lets go or has no place it is asked again, with the cursor, after pauses that grow", async () => {
  const { moments, made, now, viewer } = playing();
  const { told } = viewer("/threads/a/events");
  now().tell("connect");
  now().event("a", "1.a");
  now().tell("unsubscribed", { thread_id: "a", ended: false });
  const full = { verdict: "error", status: 503, error: { message: "Full.", type: "x", param: null, code: null } };
  await moments.pass(250);
  now().answer("subscribe", full);
  now().answer("subscribe", full);
  expect(told).toEqual(["live", "reconnecting", "reconnecting: ApiError"]);
  await moments.pass(499);
  expect(now().said.length).toBe(2);
  await moments.pass(1);
  now().answer("subscribe", { verdict: "tail" });
  expect(told.at(-1)).toBe("live");
  expect([made.length, now().said.map(([, said]) => said)]).toEqual([
    1,
    [{ thread_id: "a" }, { thread_id: "a", cursor: "1.a" }, { thread_id: "a", cursor: "1.a" }],
  ]);
});

test("such a pause ends with the connection, and is short again once something was told", async () => {
  const { moments, made, now, viewer } = playing();
  viewer("/threads/a/events");
  now().tell("connect");
  for (const id of ["1.a", "2.a"]) {
    now().event("a", id);
    now().tell("unsubscribed", { thread_id: "a", ended: false });
    await moments.pass(250);
  }
  expect(now().said.map(([, said]) => said.cursor)).toEqual([undefined, "1.a", "2.a"]);
  now().tell("unsubscribed", { thread_id: "a", ended: false });
  now().tell("disconnect", "transport close");
  await moments.pass(250);
  now().tell("connect");
  await moments.pass(1_000);
  expect(made.map(({ said }) => said.length)).toEqual([3, 1]);
  expect(now().said).toEqual([["subscribe", { thread_id: "a", cursor: "2.a" }]]);
});

test("a refusal is final, in the words of the server, and the others go on", () => {
  const { now, viewer } = playing();
  const one = viewer("/threads/a/events");
  const other = viewer("/threads/b/events");
  now().tell("connect");
  now().answer("subscribe", { verdict: "error", status: 404, error: { message: "No thread found with id 'a'." } });
  now().event("b", "1.b");
  expect([one.told, other.told]).toEqual([["ended: ApiError No thread found with id 'a'."], ["live"]]);
  one.stop();
  expect(now().said.length).toBe(2);
});

test("a wrong key is final for all", async () => {
  const { moments, made, now, viewer } = playing({ token: "wrong" });
  const viewers = [viewer("/threads/a/events"), viewer("/threads/b/events")];
  const data = { message: "Incorrect API key provided.", status: 401, param: null, code: "invalid_api_key" };
  now().tell("connect_error", Object.assign(new Error(data.message), { data }));
  await moments.pass(60_000);
  expect(viewers.map(({ told }) => told)).toEqual(Array(2).fill(["ended: ApiError Incorrect API key provided."]));
  expect([made.length, now().disconnected, moments.waiting]).toEqual([1, true, 0]);
});

test("a deleted thread ends it, whether one sees it or comes too late", () => {
  const { now, viewer } = playing();
  const [here, late, gone] = [viewer("/threads/a/events"), viewer("/threads/b/events", "1.b"), viewer("/threads/c/events")];
  now().tell("connect");
  now().event("a", "2.a", "thread.deleted");
  now().tell("unsubscribed", { thread_id: "a", ended: true });
  now().answer("subscribe", { verdict: "snapshot" });
  now().answer("subscribe", { verdict: "tail", ended: true });
  now().tell("unsubscribed", { thread_id: "c", ended: true });
  expect([here!.told, late!.told, gone!.told]).toEqual([["ended"], ["ended"], ["ended"]]);
  expect([here!.ids(), now().disconnected]).toEqual([["2.a"], true]);
});

test("who follows a thread again hears nothing that was said to the one before", () => {
  const { made, now, viewer } = playing();
  viewer("/threads/b/events");
  const one = viewer("/threads/a/events");
  now().tell("connect");
  now().event("a", "1.a");
  one.stop();
  const again = viewer("/threads/a/events", "1.a");
  now().event("a", "2.a");
  expect(now().said.at(-1)).toEqual(LEFT);
  now().answer("unsubscribe");
  expect(now().said.at(-1)).toEqual(["subscribe", { thread_id: "a", cursor: "1.a" }]);
  now().event("a", "2.a");
  expect([made.length, one.ids(), again.ids(), again.told]).toEqual([1, ["1.a"], ["2.a"], ["live"]]);
});

test("nor is it asked for twice, however many have come and gone meanwhile", () => {
  const { now, viewer } = playing();
  viewer("/threads/b/events");
  const one = viewer("/threads/a/events");
  now().tell("connect");
  const before = now().said.length;
  one.stop();
  viewer("/threads/a/events").stop();
  viewer("/threads/a/events");
  now().answer("unsubscribe");
  expect(now().said.slice(before)).toEqual([LEFT, ["subscribe", { thread_id: "a" }]]);
});

test("nor the answer that the one before has waited for, and does not wait for a connection that is no more", async () => {
  const { moments, made, now, viewer } = playing();
  viewer("/threads/b/events");
  const one = viewer("/threads/a/events");
  now().tell("connect");
  now().answer("subscribe", { verdict: "snapshot" });
  one.stop();
  const again = viewer("/threads/a/events", "1.a");
  now().answer("subscribe", { verdict: "error", status: 404, error: { message: "No thread found with id 'a'." } });
  expect([one.told, again.told]).toEqual([[], []]);
  now().tell("disconnect", "transport close");
  await moments.pass(250);
  now().tell("connect");
  now().event("a", "2.a");
  expect([made.length, again.ids()]).toEqual([2, ["2.a"]]);
});

test("a thread that is followed twice, and more than a hundred threads, take another socket", () => {
  const { made, viewer } = playing();
  for (let number = 0; number < 101; number++) viewer(`/threads/${number}/events`);
  viewer("/threads/0/events");
  for (const socket of made) socket.tell("connect");
  expect(made.map(({ said }) => said.length)).toEqual([100, 2]);
});

test("what Socket.IO does not carry goes over fetch", async () => {
  const { moments, asked, made, viewer } = playing();
  const { told } = viewer("/threads/events");
  viewer("/threads/a/runs/b/events");
  await moments.pass(0);
  expect([asked, made.length]).toEqual([
    ["http://server/v1/threads/events", "http://server/v1/threads/a/runs/b/events"],
    0,
  ]);
  expect(told.length).toBe(1);
});
