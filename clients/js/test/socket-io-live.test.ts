/** Streams over Socket.IO from the real server, over both of its transports, and through what breaks them. */

import { io } from "socket.io-client";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { ClientOptions } from "../src/index.js";
import { threadList } from "../src/list.js";
import { socketIo } from "../src/socket-io.js";
import { Cutter } from "./cutter.js";
import { Server } from "./server.js";
import { client as inHaste, dice, reached, state, texts, variable } from "./stage.js";

let server: Server;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(() => server.close());

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

const says = (...pieces: string[]) => ({ turns: [[{ pieces, delay_ms: 2 }]] });
const WORDS = Array.from({ length: 400 }, (_, index) => `${index} 漢字🌳 `);

describe.each([[["websocket"]], [["polling"]], [["polling", "websocket"]]])("over %s", (transports) => {
  const client = (options: ClientOptions = {}) => {
    const made: ReturnType<typeof io>[] = [];
    const noting = (url: string, options: object) => {
      made.push(io(url, options));
      return made.at(-1)!;
    };
    return Object.assign(inHaste({ url: server.url, follow: socketIo(noting, { transports }), ...options }), { made });
  };

  test("an answer grows, and is the stored one in the end", async () => {
    const one = client();
    const thread = await one.createThread();
    const ours = variable();
    await one.addMessageAndRun(thread.id, "Go", await server.player(says(...WORDS)), ours.set);
    const { status, error } = one.thread(thread.id).getSnapshot(); // at once: nobody wants the thread any more
    expect([status, error, one.made.length]).toEqual(["live", null, 1]);
    expect(ours.values.length).toBeGreaterThan(10);
    expect(ours.values.at(-1)).toEqual(await server.messages(thread.id));
  });

  test("many threads share a socket, which is closed behind the last", async () => {
    const one = client({ name: "Ann" });
    const threads = await Promise.all(WORDS.slice(0, 5).map((content) =>
      one.createThread({ messages: [{ role: "user", content }] }),
    ));
    const loads = threads.map(({ id }) => one.loadThread(id, () => {}));
    await Promise.all(loads.map(({ ready }) => ready));
    await Promise.all(threads.map(({ id }) => state(one, id, ({ people }) => people[0]?.name === "Ann")));
    expect(one.made.map(({ connected }) => connected)).toEqual([true]);
    for (const stop of loads) stop();
    await expect.poll(() => one.made[0]!.connected).toBe(false);
  });

  test("an unknown thread, and one that is deleted, end it", async () => {
    const one = client();
    const stop = one.loadThread("thread_none", () => {});
    await expect(stop.ready).rejects.toMatchObject({ name: "ApiError", status: 404 });
    const thread = await one.createThread();
    stops.push(one.loadThread(thread.id, () => {}));
    await state(one, thread.id, ({ status }) => status === "live");
    await one.deleteThread(thread.id);
    const last = await state(one, thread.id, ({ deleted }) => deleted);
    expect(last.error).toBe(null);
    await expect.poll(() => one.thread(thread.id).getSnapshot().status).toBe("offline");
  });

  test("a server that is killed in mid-answer and starts again goes on with it", async () => {
    const one = client();
    const thread = await one.createThread();
    const ours = variable();
    const running = one.addMessageAndRun(thread.id, "Go", await server.player(says(...WORDS)), ours.set);
    await ours.until((messages) => (texts(messages)[0] as string)?.length > 100);
    await server.kill();
    await state(one, thread.id, ({ status, error }) => status === "reconnecting" && error?.name === "Unreachable");
    await server.restart();
    expect((await running).status).toBe("completed");
    expect(ours.values.at(-1)).toEqual(await server.messages(thread.id));
    expect(one.thread(thread.id).getSnapshot().error).toBe(null);
  });

  test("connections that are cut at random bytes lose nothing and repeat nothing", async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const random = dice(seed);
    const cutter = await Cutter.start(server.url, random, 60_000);
    try {
      const straight: typeof fetch = (address, init) => fetch(`${address}`.replace(cutter.url, server.url), init);
      const one = client({ url: cutter.url, fetch: straight, random });
      const assistants = [await server.player(says(...WORDS)), await server.player(says(...WORDS.toReversed()))];
      const thread = await one.createThread();
      const ours = variable();
      await one.addMessageAndRuns(thread.id, "Go", assistants, ours.set);
      expect(ours.values.at(-1), `seed ${seed}`).toEqual(await server.messages(thread.id));
      expect(cutter.cuts, `seed ${seed}`).toBeGreaterThan(0); // how many depends on how fast this machine is
      for (const messages of ours.values)
        expect(new Set(messages.map(({ id }) => id)).size, `seed ${seed}`).toBe(messages.length);
    } finally {
      cutter.close();
    }
  });
});

test("a long thread is told to its end, though no more than 64 KB ahead of what was acknowledged", async () => {
  const long = "木".repeat(20_000);
  const one = inHaste({ url: server.url, follow: socketIo(io), limit: 100 });
  const thread = await one.createThread({ messages: [{ role: "user", content: "First" }] });
  stops.push(one.loadThread(thread.id, () => {}));
  await state(one, thread.id, ({ status }) => status === "live");
  for (let number = 0; number < 10; number++)
    await server.call("POST", `/threads/${thread.id}/messages`, { role: "user", content: `${number} ${long}` });
  const { messages } = await state(one, thread.id, ({ messages }) => messages.length === 11);
  expect(messages).toEqual(await server.messages(thread.id));
});

test("the list of threads goes over fetch beside it", async () => {
  const one = inHaste({ url: server.url, follow: socketIo(io) });
  const list = threadList(one);
  stops.push(list.subscribe(() => {}));
  await reached(list, ({ status }) => status === "live");
  const { id } = await one.createThread({ messages: [{ role: "user", content: "Listed" }] });
  expect((await reached(list, ({ threads }) => threads[0]?.id === id)).threads[0]!.title).toBe("Listed");
});

test("the key goes with the connection; a wrong one is told as what it is", async () => {
  const locked = await Server.start({ LIVETHREAD_API_KEYS: "sesame" });
  try {
    const [right, wrong] = ["sesame", "simsim"].map((token) =>
      inHaste({ url: locked.url, token, follow: socketIo(io) }),
    );
    const thread = await right!.createThread();
    stops.push(right!.loadThread(thread.id, () => {}));
    await state(right!, thread.id, ({ status }) => status === "live");
    const { ready } = wrong!.loadThread(thread.id, () => {});
    await expect(ready).rejects.toMatchObject({ name: "ApiError", status: 401, code: "invalid_api_key" });
  } finally {
    for (const stop of stops.splice(0)) stop();
    await locked.close();
  }
});
