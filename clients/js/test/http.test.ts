import { expect, test } from "vitest";
import { ApiError, Unreachable } from "../src/index.js";
import { createHttp } from "../src/http.js";
import { Moments } from "./stage.js";

const envelope = (message: string) => JSON.stringify({ error: { message, param: "content", code: "invalid_value" } });
const json = (body: unknown) => new Response(JSON.stringify(body));
const refuse = (status: number, headers: Record<string, string> = {}) =>
  new Response(envelope("No."), { status, headers });

/** A server that answers by a list, and what it was asked. */
function scripted(...answers: (Response | Error | "silence")[]) {
  const moments = new Moments();
  const asked: { url: string; at: number; init: RequestInit; headers: Record<string, string> }[] = [];
  const http = createHttp({
    url: "http://server/v1/",
    token: "key",
    random: () => 0.5,
    now: () => moments.now,
    after: moments.after,
    fetch: (url, init) => {
      asked.push({ url: String(url), at: moments.now, init: init!, headers: init!.headers as Record<string, string> });
      const answer = answers.shift()!;
      return new Promise((resolve, reject) => {
        init!.signal!.addEventListener("abort", () => reject(init!.signal!.reason));
        if (answer instanceof Error) reject(answer);
        else if (answer !== "silence") resolve(answer);
      });
    },
  });
  return { http, asked, moments };
}

test("a call bears the token, its body, and a key of its own", async () => {
  const { http, asked } = scripted(json({ a: 1 }), json({}));
  expect(await http.call("POST", "/threads", { messages: [] })).toEqual({ a: 1 });
  expect(await http.call("GET", "/threads")).toEqual({});
  expect(asked.map(({ url, headers, init }) => [init.method, url, headers, init.body])).toEqual([
    ["POST", "http://server/v1/threads", {
      Authorization: "Bearer key",
      "Content-Type": "application/json",
      "Idempotency-Key": expect.stringMatching(/^\d+(-\d+){3}$/),
    }, '{"messages":[]}'],
    ["GET", "http://server/v1/threads", { Authorization: "Bearer key" }, undefined],
  ]);
});

test("a call is sent again with its key while nobody answers, ever more seldom", async () => {
  const { http, asked, moments } = scripted(new TypeError("net"), refuse(503), refuse(429), json("done"));
  const answer = http.call("POST", "/threads");
  await moments.pass(10_000);
  expect(await answer).toBe("done");
  expect(asked.map(({ at }) => at)).toEqual([0, 187.5, 562.5, 1312.5]);
  expect(new Set(asked.map(({ headers }) => headers["Idempotency-Key"])).size).toBe(1);
  expect(moments.waiting).toBe(0);
});

test("two calls have two keys", async () => {
  const { http, asked } = scripted(json(1), json(2));
  await http.call("POST", "/threads");
  await http.call("POST", "/threads");
  expect(asked[0]!.headers["Idempotency-Key"]).not.toBe(asked[1]!.headers["Idempotency-Key"]);
});

test("a call gives up after four attempts, and says why", async () => {
  const { http, asked, moments } = scripted(...Array.from({ length: 5 }, () => new TypeError("net")));
  const answer = http.call("GET", "/threads");
  answer.catch(() => {});
  await moments.pass(60_000);
  await expect(answer).rejects.toThrow(Unreachable);
  expect(asked.length).toBe(4);
  await expect(answer).rejects.toMatchObject({ cause: new TypeError("net") });
});

test("a server that asks for time is given it", async () => {
  const { http, asked, moments } = scripted(refuse(429, { "Retry-After": "7" }), json(1));
  const answer = http.call("GET", "/threads");
  await moments.pass(9_000);
  expect(await answer).toBe(1);
  expect(asked.map(({ at }) => at)).toEqual([0, 7_875]);
});

test("a server that asks for more than a minute is not waited for in silence", async () => {
  const { http, asked } = scripted(refuse(429, { "Retry-After": "61" }), new Response("<html>", { status: 503, headers: { "Retry-After": "86400" } }));
  await expect(http.call("GET", "/threads")).rejects.toThrow(/^No\. Wait 2 min\.$/);
  await expect(http.call("GET", "/threads")).rejects.toThrow(/answers 503; .* Wait 1440 min\.$/);
  expect(asked.length).toBe(2);
});

test("what an attempt without an answer has deleted is not missed by the next", async () => {
  const { http, asked, moments } = scripted(new TypeError("net"), refuse(404), refuse(404));
  const deleted = http.call("DELETE", "/threads/thread_1");
  await moments.pass(1_000);
  await deleted;
  await expect(http.call("DELETE", "/threads/thread_2")).rejects.toMatchObject({ status: 404 });
  expect(asked.length).toBe(3);
});

test("an attempt that brings nothing for a minute is given up", async () => {
  const { http, asked, moments } = scripted("silence", json(1));
  const answer = http.call("GET", "/threads");
  await moments.pass(61_000);
  expect(await answer).toBe(1);
  expect(asked.map(({ at }) => at)).toEqual([0, 60_187.5]);
});

test.each([400, 401, 403, 404, 409, 413])("a refusal is final, in the server's words (%i)", async (status) => {
  const { http, asked } = scripted(refuse(status));
  await expect(http.call("POST", "/threads")).rejects.toEqual(
    Object.assign(new ApiError("No.", status, "content", "invalid_value")),
  );
  expect(asked.length).toBe(1);
});

test("a refusal without reason says where to look", async () => {
  const { http } = scripted(new Response("<html>", { status: 404 }));
  await expect(http.call("GET", "/threads")).rejects.toThrow(/answers 404; check/);
});

test.each(["http://server", "http://server/", "http://server/v1", " http://server/v1// "])("%s is an address", async (url) => {
  const asked: unknown[] = [];
  const http = createHttp({ url, fetch: async (url) => (asked.push(url), json(1)) });
  await http.call("GET", "/threads");
  expect(asked).toEqual(["http://server/v1/threads"]);
});
