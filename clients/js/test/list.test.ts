import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type ListedThread, type ListState, threadList } from "../src/list.js";
import { type Asked, Desk, refusal } from "./desk.js";
import { Server } from "./server.js";
import { client, reached } from "./stage.js";

const titles = ({ threads }: ListState) => threads.map(({ title }) => title);
const ids = ({ threads }: ListState) => threads.map(({ id }) => id);

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** A list that is looked at until the test ends. */
function looking(list: ReturnType<typeof threadList>) {
  stops.push(list.subscribe(() => {}));
  return Object.assign(list, { until: (good: (state: ListState) => boolean) => reached(list, good) });
}

const item = (id: string, active_at: number, rest: Partial<ListedThread> = {}): ListedThread => ({
  id, object: "thread", created_at: 1, metadata: {}, title: id, last_message: null, active_at, ...rest,
});

/** A server with so many threads, the newest with the highest number. */
class Listing extends Desk {
  threads: ListedThread[] = [];

  constructor(count = 0) {
    super((asked) => this.reply(asked));
    for (let n = count; n > 0; n--) this.threads.push(item(`thread_${n}`, n));
  }

  list = () => looking(threadList(client(this.options)));
  listed = (item: ListedThread) => this.say("/threads/events", "thread.listed", item);
  cutOff = () => this.cut("/threads/events");

  private reply({ path, query, body }: Asked): Response {
    if (path === "/threads") return this.page(+query.get("limit")!, query.get("after"));
    const at = this.threads.findIndex(({ id }) => path === `/threads/${id}`);
    if (body) {
      const { metadata } = body;
      this.threads[at] = { ...this.threads[at]!, metadata, title: metadata.title ?? "untitled" };
    }
    const { title: _, last_message: __, active_at: ___, ...thread } = this.threads[at]!;
    return Response.json(thread);
  }

  private page(limit: number, after: string | null): Response {
    const from = after ? this.threads.findIndex(({ id }) => id === after) + 1 : 0;
    if (after && !from) return refusal(400, "after");
    const data = this.threads.slice(from, from + limit);
    return Response.json({ data, last_id: data.at(-1)?.id ?? null, has_more: this.threads.length > from + limit });
  }
}

describe("with the server", () => {
  let server: Server;
  beforeAll(async () => {
    server = await Server.start();
  });
  afterAll(() => server.close());

  test("the list tells what is said anywhere, what is called otherwise and what is deleted", async () => {
    const ours = client({ url: server.url });
    const list = looking(threadList(ours));
    await list.until(({ status }) => status === "live");
    const [one, other] = [await ours.createThread(), await ours.createThread()];
    await list.until(({ threads }) => threads.length === 2);
    await ours.addMessage(one.id, "What is a thread? 🌳");
    const said = await list.until((state) => titles(state)[0] === "What is a thread? 🌳");
    expect(ids(said)).toEqual([one.id, other.id]);
    expect(said.threads[0]!.last_message).toMatchObject({ text: "What is a thread? 🌳", author: { role: "user" } });
    await list.rename(other.id, "木 and 🌳");
    expect(titles(list.getSnapshot())).toEqual(["What is a thread? 🌳", "木 and 🌳"]);
    await ours.deleteThread(one.id);
    await list.until((state) => state.threads.length === 1);
    await list.rename(other.id, " ");
    await list.until((state) => titles(state)[0] === null);
    const { data } = await server.call("GET", "/threads");
    expect(list.getSnapshot()).toEqual({ threads: data, has_more: false, status: "live", error: null });
  });

  test("the list is right again once the server is back", async () => {
    const ours = client({ url: server.url });
    const list = looking(threadList(ours));
    await list.until(({ status }) => status === "live");
    await server.kill();
    await list.until(({ status, error }) => status === "reconnecting" && error !== null);
    await server.restart();
    await list.until(({ status, error }) => status === "live" && error === null);
    const { id } = await ours.createThread();
    await list.until((state) => ids(state)[0] === id);
  }, 40_000);
});

describe("what is shown", () => {
  test("an item is as before where nothing was said, and the rest keeps its identity", async () => {
    const desk = new Listing(3);
    const list = desk.list();
    const before = (await list.until(({ status }) => status === "live")).threads;
    desk.listed(item("thread_2", 2, { title: "Two" }));
    const renamed = (await list.until((state) => titles(state)[1] === "Two")).threads;
    expect([renamed[0], renamed[2]]).toEqual([before[0], before[2]]);
    expect(renamed[0] === before[0] && renamed[2] === before[2]).toBe(true);
    desk.listed(item("thread_1", 9));
    const moved = (await list.until((state) => ids(state)[0] === "thread_1")).threads;
    expect(moved[1] === before[0] && moved[2] === renamed[1]).toBe(true);
  });

  test("a thread stands above all that are not more active than it", async () => {
    const desk = new Listing();
    const list = desk.list();
    await list.until(({ status }) => status === "live");
    for (const [id, active_at] of [["a", 5], ["b", 5], ["c", 3], ["d", 9], ["c", 5]] as const)
      desk.listed(item(id, active_at));
    await list.until((state) => ids(state).join() === "d,c,b,a");
    desk.listed(item("a", 5, { title: "A" }));
    await list.until((state) => titles(state).join() === "d,c,b,A");
    const author = { role: "user", assistant_id: null, name: null, user_id: null } as const;
    desk.listed(item("a", 5, { last_message: { text: "In the same second", author, created_at: 5 } }));
    await list.until((state) => ids(state).join() === "d,a,c,b");
  });

  test("a thread further down than anybody has read is not shown before", async () => {
    const desk = new Listing(40);
    const list = desk.list();
    await list.until(({ status }) => status === "live");
    desk.listed(item("thread_3", 3, { title: "Three" }));
    desk.listed(item("thread_40", 40, { title: "Forty" }));
    const state = await list.until((state) => titles(state)[0] === "Forty");
    expect([state.threads.length, state.has_more]).toEqual([30, true]);
  });

  test("a state that has not changed is the same object", async () => {
    const desk = new Listing(2);
    const list = desk.list();
    const state = await list.until(({ status }) => status === "live");
    expect(list.getSnapshot()).toBe(state);
    desk.cutOff();
    const lost = await list.until(({ status }) => status === "reconnecting");
    expect(lost.threads).toBe(state.threads);
  });
});

describe("reading", () => {
  test("after a reconnect the list is read again, as far down as before", async () => {
    const desk = new Listing(100);
    const list = desk.list();
    await list.until(({ status }) => status === "live");
    await list.more();
    await list.more();
    const before = await list.until(({ threads }) => threads.length === 90);
    desk.cutOff();
    desk.threads = [item("thread_new", 200), ...desk.threads.filter(({ id }) => id !== "thread_50")];
    const state = await list.until(({ threads, status }) => status === "live" && threads[0]!.id === "thread_new");
    expect(state.threads).toEqual(desk.threads.slice(0, 90));
    expect(state.threads[1]).toBe(before.threads[0]);
    expect(`${desk.asked.at(-1)!.query}`).toBe("limit=90");
  });

  test("what is told while a page is read is newer than the page", async () => {
    const desk = new Listing(3);
    let open!: (value?: unknown) => void;
    desk.gate = new Promise((resolve) => (open = resolve));
    const list = desk.list();
    await expect.poll(() => desk.asked.length).toBe(1);
    desk.listed(item("thread_1", 8, { title: "One" }));
    desk.say("/threads/events", "thread.deleted", { id: "thread_3" });
    await new Promise(setImmediate);
    open();
    const state = await list.until(({ status }) => status === "live");
    expect(titles(state)).toEqual(["One", "thread_2"]);
  });

  test("a page that was asked for on a connection that is gone makes nothing live", async () => {
    const desk = new Listing(3);
    let [answer, connect] = [() => {}, () => {}];
    desk.gate = new Promise<void>((resolve) => (answer = resolve));
    const list = desk.list();
    await expect.poll(() => desk.asked.length).toBe(1);
    desk.door = new Promise<void>((resolve) => (connect = resolve));
    desk.cutOff();
    await list.until(({ status }) => status === "reconnecting");
    answer();
    const state = await list.until(({ threads }) => threads.length === 3);
    await new Promise(setImmediate);
    expect([state.status, list.getSnapshot().status]).toEqual(["reconnecting", "reconnecting"]);
    connect();
    await list.until(({ status }) => status === "live");
  });

  test("more brings page after page, and nothing twice where threads come up meanwhile", async () => {
    const desk = new Listing(70);
    const list = desk.list();
    await list.until(({ status }) => status === "live");
    const moved = item("thread_41", 100); // the last that is shown
    desk.threads = [moved, ...desk.threads.filter(({ id }) => id !== moved.id)];
    await list.more();
    while (list.getSnapshot().has_more) await list.more();
    desk.listed(moved);
    const state = await list.until((state) => ids(state)[0] === "thread_41");
    expect(state.threads).toEqual(desk.threads);
    const asked = desk.asked.length;
    await list.more();
    expect(desk.asked.length).toBe(asked);
  });

  test("more goes on behind a thread that was deleted a moment ago", async () => {
    const desk = new Listing(40);
    const list = desk.list();
    await list.until(({ status }) => status === "live");
    desk.threads = desk.threads.filter(({ id }) => id !== "thread_11");
    await list.more();
    expect(list.getSnapshot()).toEqual({ threads: desk.threads, has_more: false, status: "live", error: null });
  });

  test("a list whose first page ends in a thread that is deleted at that moment is read again, and nobody is told", async () => {
    const desk = new Listing(200);
    const list = desk.list();
    await list.until(({ status }) => status === "live");
    while (list.getSnapshot().threads.length < 120) await list.more();
    const errors: unknown[] = [];
    stops.push(list.subscribe(() => errors.push(list.getSnapshot().error)));
    const [data, last_id] = [desk.threads.slice(0, 100), "thread_101"];
    desk.instead.push(Response.json({ data, last_id, has_more: true }), refusal(400, "after"));
    desk.threads = desk.threads.filter(({ id }) => id !== "thread_101");
    desk.cutOff();
    const state = await list.until(({ threads, status }) => status === "live" && threads[99]!.id === "thread_100");
    expect(state.threads).toEqual(desk.threads.slice(0, 130));
    expect(new Set(errors)).toEqual(new Set([null]));
  });

  test("what cannot be read stands in the state until it can", async () => {
    const desk = new Listing(3);
    const list = desk.list();
    await list.until(({ status }) => status === "live");
    desk.instead.push(...[1, 2, 3, 4, 5].map(() => refusal(503)));
    desk.cutOff();
    const state = await list.until(({ error }) => error !== null);
    expect(state).toMatchObject({ status: "reconnecting", error: { status: 503 }, threads: desk.threads });
    await list.until(({ status, error }) => status === "live" && !error);
  });

  test("a refusal is final, until somebody looks again", async () => {
    const desk = new Listing(3);
    desk.instead.push(refusal(403));
    const list = desk.list();
    expect(await list.until(({ status }) => status === "offline")).toMatchObject({ error: { status: 403 }, threads: [] });
    expect(desk.standing).toBe(0);
    await list.until(({ status }) => status === "live");
  });
});

describe("rename", () => {
  test("shows at once, keeps the other metadata and leaves nothing behind", async () => {
    const desk = new Listing(2);
    desk.threads[1]!.metadata = { topic: "trees" };
    const list = desk.list();
    const before = await list.until(({ status }) => status === "live");
    const done = list.rename("thread_1", " Trees 🌳 ");
    expect(titles(list.getSnapshot())).toEqual(["thread_2", "Trees 🌳"]);
    expect(list.getSnapshot().threads[0]).toBe(before.threads[0]);
    expect(list.getSnapshot().threads[1]).toBe(list.getSnapshot().threads[1]);
    desk.listed(item("thread_1", 1, { last_message: null, metadata: { topic: "trees" } }));
    await done;
    expect(list.getSnapshot().threads).toEqual(desk.threads);
    expect(desk.threads[1]!.metadata).toEqual({ topic: "trees", title: "Trees 🌳" });
  });

  test("that is refused is taken back, and says why", async () => {
    const desk = new Listing(1);
    const list = desk.list();
    await list.until(({ status }) => status === "live");
    desk.instead.push(refusal(404));
    const done = list.rename("thread_1", "Trees");
    expect(titles(list.getSnapshot())).toEqual(["Trees"]);
    await expect(done).rejects.toMatchObject({ status: 404 });
    expect(list.getSnapshot()).toMatchObject({ threads: [{ title: "thread_1" }], status: "live", error: { status: 404 } });
    await list.rename("thread_1", "Trees");
    expect(list.getSnapshot()).toMatchObject({ threads: [{ title: "Trees" }], error: null });
  });

  test("twice in a row ends with the last title, whatever the first takes", async () => {
    const desk = new Listing(1);
    const list = desk.list();
    await list.until(({ status }) => status === "live");
    await Promise.all([list.rename("thread_1", "One"), list.rename("thread_1", "Two")]);
    expect([titles(list.getSnapshot()), desk.threads[0]!.title]).toEqual([["Two"], "Two"]);
  });
});

describe("whoever looks", () => {
  test("shares one connection, which is kept for a moment and then closed", async () => {
    const desk = new Listing(1);
    const list = threadList(client(desk.options));
    list.subscribe(() => {})();
    const stop = list.subscribe(() => {});
    const other = list.subscribe(() => {});
    await reached(list, ({ status }) => status === "live");
    expect([desk.standing, desk.asked.length]).toEqual([1, 1]);
    stop();
    stop();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(desk.standing).toBe(1);
    other();
    await expect.poll(() => desk.standing).toBe(0);
  });

  test("is told once for all that comes in one frame, also if another throws", async () => {
    const desk = new Listing(3);
    const list = desk.list();
    await list.until(({ status }) => status === "live");
    const unhandled = new Promise((resolve) => process.once("unhandledRejection", resolve));
    stops.push(list.subscribe(() => { throw new Error("A page's own mistake."); }));
    let told = 0;
    stops.push(list.subscribe(() => void told++));
    for (let n = 0; n < 20; n++) desk.listed(item("thread_1", 10 + n));
    await list.until(({ threads }) => threads[0]!.active_at === 29);
    expect(told).toBe(1);
    expect(await unhandled).toMatchObject({ message: "A page's own mistake." });
  });
});
