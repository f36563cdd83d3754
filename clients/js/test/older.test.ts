import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Client, ClientOptions, Message } from "../src/index.js";
import { Server } from "./server.js";
import { breaking, client as inHaste, dice, state, texts } from "./stage.js";

let server: Server;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(() => server.close());

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

const client = (options: ClientOptions = {}) => inHaste({ url: server.url, ...options });

/** The id of a thread with so many messages, "1" and so on. */
async function thread(length: number): Promise<string> {
  const messages = Array.from({ length }, (_, n) => ({ role: "user", content: `${n + 1}` }));
  const { id } = await server.call("POST", "/threads", { messages: messages.slice(0, 32) });
  for (const message of messages.slice(32)) await server.call("POST", `/threads/${id}/messages`, message);
  return id;
}

/** Follow a thread, until the test is over. */
async function followed(one: Client, id: string) {
  const stop = one.loadThread(id, () => {});
  stops.push(stop);
  await stop.ready;
  const now = () => one.thread(id).getSnapshot();
  return { now, texts: () => texts(now().messages) };
}

/** All messages of a thread as REST has them, newest first. */
async function everything(id: string): Promise<Message[]> {
  const all: Message[] = [];
  for (;;) {
    const behind = all.length ? `&after=${all.at(-1)!.id}` : "";
    const { data, has_more } = await server.call("GET", `/threads/${id}/messages?limit=100${behind}`);
    all.push(...data);
    if (!has_more) return all;
  }
}

/** A `fetch` that holds back pages until it is told to let them through, and counts them. */
function held() {
  let open!: () => void;
  let asked!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const reached = new Promise<void>((resolve) => (asked = resolve));
  const pages: string[] = [];
  const holding: typeof fetch = async (url, init) => {
    const answer = await fetch(url, init);
    if (!/messages\?/.test(`${url}`)) return answer;
    pages.push(`${url}`);
    asked();
    await opened;
    return answer;
  };
  return { fetch: holding, open, reached, pages };
}

const numbers = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, n) => `${from - n}`);

describe("older messages", () => {
  test("come a page at a time, until there are none", async () => {
    const id = await thread(125);
    const one = client({ limit: 10 });
    const shown = await followed(one, id);
    expect([shown.texts(), shown.now().has_more]).toEqual([numbers(125, 116), true]);
    expect(await one.older(id)).toBe(true);
    expect([shown.texts(), shown.now().has_more]).toEqual([numbers(125, 16), true]);
    expect(await one.older(id)).toBe(false);
    expect([shown.now().messages, shown.now().has_more]).toEqual([await everything(id), false]);
  });

  test("are not asked for where all are there", async () => {
    const pages = held();
    const id = await thread(3);
    expect(await client({ fetch: pages.fetch }).older(id)).toBe(false);
    expect(pages.pages).toEqual([]);
  });

  test("are loaded behind the newest by one who follows nothing yet", async () => {
    const id = await thread(5);
    const one = client({ limit: 2 });
    expect(await one.older(id)).toBe(false);
    expect(texts(one.thread(id).getSnapshot().messages)).toEqual(numbers(5, 1));
  });

  test("are asked for once by all who ask meanwhile", async () => {
    const id = await thread(30);
    const pages = held();
    const one = client({ limit: 1, fetch: pages.fetch });
    await followed(one, id);
    const both = [one.older(id), one.older(id)];
    await pages.reached;
    both.push(one.older(id));
    pages.open();
    expect(await Promise.all(both)).toEqual([false, false, false]);
    expect(pages.pages.length).toBe(1);
  });

  test("that are deleted, changed or written while they are on their way are as the stream has them", async () => {
    const id = await thread(6);
    const [, , four, three, two] = await everything(id);
    const pages = held();
    const one = client({ limit: 1, fetch: pages.fetch });
    const shown = await followed(one, id);
    const older = one.older(id);
    await pages.reached;
    await server.call("DELETE", `/threads/${id}/messages/${three!.id}`);
    await server.call("POST", `/threads/${id}/messages/${two!.id}`, { metadata: { pin: "1" } });
    await server.call("DELETE", `/threads/${id}/messages/${four!.id}`);
    await server.call("POST", `/threads/${id}/messages`, { role: "user", content: "7" });
    await state(one, id, ({ messages }) => messages.length === 2);
    pages.open();
    expect(await older).toBe(false);
    expect(shown.texts()).toEqual(["7", "6", "5", "2", "1"]);
    expect(shown.now().messages).toEqual(await everything(id));
  });

  test("that still grow stand where the log has them, and grow on", async () => {
    const id = await thread(2);
    const assistant_id = await server.player({ turns: [[{ text: "word ", repeat: 10_000, delay_ms: 3 }]] });
    await server.call("POST", `/threads/${id}/runs`, { assistant_id });
    await state(client(), id, ({ messages }) => messages.length === 3);
    for (const content of ["4", "5", "6"]) {
      await server.call("POST", `/threads/${id}/messages`, { role: "user", content });
    }
    const one = client({ limit: 2 });
    const shown = await followed(one, id);
    const grows = expect.stringMatching(/^word/);
    expect(shown.texts()).toEqual(["6", "5", grows]);
    expect(await one.older(id)).toBe(false);
    const { length } = shown.texts()[3] as string;
    expect(shown.texts()).toEqual(["6", "5", "4", grows, "2", "1"]);
    await state(one, id, ({ messages }) => (texts(messages)[3] as string).length > length);
    await one.stop(id);
    await state(one, id, ({ runs }) => runs[0]?.status === "cancelled");
    expect(shown.now().messages).toEqual(await everything(id));
  });

  test("that cannot be had say so by the promise and in the store, and can be asked for again", async () => {
    const id = await thread(3);
    let refuse = true;
    const refusing: typeof fetch = async (url, init) =>
      refuse && /messages\?/.test(`${url}`) ? new Response("no", { status: 403 }) : fetch(url, init);
    const one = client({ limit: 1, fetch: refusing });
    const shown = await followed(one, id);
    await expect(one.older(id)).rejects.toMatchObject({ status: 403 });
    expect(shown.now()).toMatchObject({ status: "live", has_more: true, error: { status: 403 } });
    refuse = false;
    expect(await one.older(id)).toBe(false);
    expect([shown.texts(), shown.now().error]).toEqual([["3", "2", "1"], null]);
  });

  test("of a thread that is deleted meanwhile are none", async () => {
    const id = await thread(3);
    const pages = held();
    const one = client({ limit: 1, fetch: pages.fetch });
    await followed(one, id);
    const older = one.older(id);
    await pages.reached;
    await one.deleteThread(id);
    await state(one, id, ({ deleted }) => deleted);
    pages.open();
    expect(await older).toBe(false);
    expect(one.thread(id).getSnapshot()).toMatchObject({ messages: [], has_more: false });
  });

  test.each([1, 2, 3])("are right in the end, whatever happens meanwhile (%i)", { timeout: 30_000 }, async () => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    const random = dice(seed);
    const pick = <T>(some: readonly T[]): T => some[Math.floor(random() * some.length)]!;
    const id = await thread(160);
    const cutting = breaking(random, 25_000);
    let connections = 0;
    const forgetful: typeof fetch = (url, init) => {
      const headers = { ...(init?.headers as Record<string, string>) };
      if (/events/.test(`${url}`) && ++connections % 2) delete headers["Last-Event-ID"]; // so a snapshot comes
      return cutting.fetch(url, { ...init, headers });
    };
    const one = client({ limit: 5, fetch: forgetful, random });
    const shown = await followed(one, id);
    const path = `/threads/${id}/messages`;
    const assistant = await server.player({ turns: [[{ pieces: ["Ja, ", "ja \u{1f333} ", "ja."], delay_ms: 20 }]] });
    const acts = [
      () => server.call("POST", path, { role: "user", content: `${random()}` }),
      () => server.call("POST", `/threads/${id}/runs`, { assistant_id: assistant }),
      async () => server.call("DELETE", `${path}/${pick(await everything(id)).id}`),
      async () => server.call("POST", `${path}/${pick(await everything(id)).id}`, { metadata: { pin: `${random()}` } }),
      () => one.older(id),
    ];
    for (let round = 0; round < 20; round++) {
      const doing = Array.from({ length: 4 }, () => pick(acts)().catch((error: Error) => error));
      for (const refused of (await Promise.all(doing)).filter((done) => done instanceof Error)) {
        // Somebody else has deleted it, or a run still writes it.
        expect(refused.message, `seed ${seed}`).toMatch(/No message found|while run .* is writing it/);
      }
      const ids = shown.now().messages.map((message) => message.id);
      expect(new Set(ids).size, `seed ${seed}`).toBe(ids.length);
    }
    expect(connections, `seed ${seed}`).toBeGreaterThan(2);
    const { data: runs } = await server.call("GET", `/threads/${id}/runs?limit=100`);
    await Promise.all(runs.map(({ id: run }: { id: string }) => ended(id, run)));
    await server.call("POST", path, { role: "user", content: "The end" });
    await state(one, id, ({ messages }) => texts(messages)[0] === "The end");
    while (await one.older(id));
    expect(shown.now().messages, `seed ${seed}`).toEqual(await everything(id));
  });
});

/** Come back when a run has ended. */
async function ended(id: string, run: string): Promise<void> {
  while ((await server.call("GET", `/threads/${id}/runs/${run}`)).completed_at === null);
}
