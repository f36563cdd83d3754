import { expect, test } from "vitest";
import type { Follow, Follower } from "../src/connection.js";
import { Fold } from "../src/fold.js";
import { ApiError } from "../src/http.js";
import { addOlder, askOlder } from "../src/older.js";
import type { SseEvent } from "../src/sse.js";
import { sharing, snapshotOf } from "../src/tabs.js";
import type { Message } from "../src/types.js";
import { FakeBrowser, type FakeTab } from "./browser.js";
import { message } from "./desk.js";
import { dice, Moments } from "./stage.js";

/** A thread whose server knows nothing of tabs. Cursors say nothing to anybody else. */
class FakeServer {
  readonly fold = new Fold();
  readonly deleted = new Set<string>();
  /** The cursors that connections began behind. */
  readonly asked: (string | null)[] = [];
  readonly connections = new Set<Connection>();
  /** Says how a connection is refused instead. */
  refusing: ((to: Follower) => void) | null = null;
  readonly #log: SseEvent[] = [];

  constructor(readonly moments: Moments, readonly random = () => 0.5) {
    this.publish("thread.created", { id: "thread_1" });
  }

  publish(type: string, data: unknown): void {
    const event = { type, data: JSON.stringify(data), id: `${this.#log.length}.${type.length}` };
    this.#log.push(event);
    this.fold.take(type, data, event.id);
    for (const connection of this.connections) connection.bring([event]);
  }

  /** Begin a message, whose text follows in pieces. */
  begin(id: string): void {
    this.publish("thread.message.created", { id, status: "in_progress", content: [] });
  }

  grow(id: string, value: string): void {
    this.publish("thread.message.delta", { id, delta: { content: [{ index: 0, type: "text", text: { value } }] } });
  }

  complete(id: string): void {
    const { content } = this.fold.messages.find((message) => message.id === id)!;
    this.publish("thread.message.completed", { id, status: "completed", content });
  }

  post(id: string): void {
    this.publish("thread.message.created", { id, status: "completed", content: [text(id)] });
  }

  remove(id: string): void {
    this.deleted.add(id);
    this.publish("thread.message.deleted", { id });
  }

  /** What brings somebody up to now: the text of a message in one piece. */
  missing(cursor: string | null): SseEvent[] {
    const at = this.#log.findIndex(({ id }) => id === cursor);
    if (at < 0) return [snapshotOf(this.fold)];
    const tail: SseEvent[] = [];
    for (const event of this.#log.slice(at + 1)) {
      const last = tail.at(-1);
      const [one, other] = [last, event].map((event) => event && JSON.parse(event.data));
      if (last?.type === "thread.message.delta" && event.type === last.type && one.id === other.id) {
        one.delta.content[0].text.value += other.delta.content[0].text.value;
        tail[tail.length - 1] = { ...event, data: JSON.stringify(one) };
      } else tail.push(event);
    }
    return tail;
  }

  /** Connections of a tab, one after the other. */
  follow = (tab: FakeTab): Follow => (_http, _path, to) => {
    let connection: Connection | undefined;
    let over = false;
    const open = () => {
      if (over) return;
      const cursor = to.cursor();
      this.asked.push(cursor);
      connection = new Connection(this, tab, to, 1 + Math.floor(this.random() * 20), cursor, () => {
        to.lost("reconnecting");
        tab.http.after(10 + this.random() * 300, open);
      });
    };
    open();
    return () => {
      over = true;
      connection?.close();
    };
  };

  presence(): SseEvent {
    return { type: "thread.presence", data: JSON.stringify({ people: [], viewers: this.connections.size }), id: "" };
  }
}

class Connection {
  #open = true;
  /** When what was sent last arrives. */
  #last = 0;

  constructor(
    readonly server: FakeServer,
    readonly tab: FakeTab,
    readonly to: Follower,
    readonly latency: number,
    cursor: string | null,
    readonly lost: () => void,
  ) {
    server.moments.after(latency, () => {
      if (!this.#open || tab.dead) return;
      if (server.refusing) return server.refusing(to);
      server.connections.add(this);
      this.bring([...server.missing(cursor), server.presence()]);
      tab.act(() => server.moments.after(latency, () => tab.act(() => this.#open && to.live())));
    });
  }

  bring(events: SseEvent[]): void {
    if (this.tab.dead) return this.close();
    const { moments } = this.server;
    for (const event of events) {
      this.#last = Math.max(this.#last + 1, moments.now + this.latency);
      moments.after(this.#last - moments.now, () => this.tab.act(() => this.#open && this.to.take(event)));
    }
  }

  cut(): void {
    if (!this.#open) return;
    this.close();
    this.tab.act(this.lost);
  }

  close(): void {
    this.#open = false;
    this.server.connections.delete(this);
  }
}

const text = (value: string) => ({ type: "text", text: { value, annotations: [] } });
const said = ({ content: [block] }: Message) => (block?.type === "text" ? block.text.value : "");

/** One tab, what it shows and what it was told. */
async function open(world: World, path = "/threads/thread_1/events?") {
  const { browser, server } = world;
  const tab = browser.tab();
  const fold = new Fold();
  const told: string[] = [];
  const types: string[] = [];
  const wrong: string[] = [];
  const to: Follower = {
    fold,
    cursor: () => fold.cursor,
    take({ type, data, id }) {
      const before = fold.messages;
      types.push(type);
      fold.take(type, JSON.parse(data), id);
      const now = new Map(fold.messages.map((message) => [message.id, message]));
      for (const message of before) {
        const { status, id } = message;
        const after = now.get(id);
        if (!after && !server.deleted.has(id)) wrong.push(`${id} is gone`);
        if (after && !said(after).startsWith(said(message))) wrong.push(`${id} said ${said(message)}, then ${said(after)}`);
        if (after && status === "completed" && after.status !== status) wrong.push(`${id} is ${after.status} again`);
      }
    },
    live: () => told.push("live"),
    lost: (status, why) => told.push(why ? `${status}: ${why.message}` : status),
    ended: (why) => told.push(why ? `ended: ${why.name} ${why.message}` : "ended"),
  };
  const before = browser.channels.size;
  const stop = sharing(server.follow(tab), tab.sight)(tab.http, path, to, tab.page);
  // Its name is made in another thread.
  while (browser.channels.size === before) await new Promise((resolve) => setImmediate(resolve));
  const close = () => {
    stop();
    browser.tabs.delete(tab);
  };
  return { tab, fold, told, types, wrong, stop: close, texts: () => fold.messages.map(said) };
}

type World = ReturnType<typeof world>;
function world(random?: () => number) {
  const moments = new Moments();
  return { moments, browser: new FakeBrowser(moments), server: new FakeServer(moments, random) };
}

/** A world with so many tabs that are live, the first of which leads. */
async function opened(count: number) {
  const one = world();
  one.server.post("First");
  const tabs = [];
  for (let tab = 0; tab < count; tab++) {
    tabs.push(await open(one));
    await one.moments.pass(100);
  }
  return { ...one, tabs: tabs as [Tab, Tab, ...Tab[]] };
}
type Tab = Awaited<ReturnType<typeof open>>;

test("tabs share one connection, and who comes late gets a snapshot, then every event", async () => {
  const { moments, browser, server, tabs } = await opened(2);
  server.begin("answer");
  server.grow("answer", "One");
  await moments.pass(50);
  tabs.push(await open({ moments, browser, server }));
  await moments.pass(50);
  server.grow("answer", " two");
  server.complete("answer");
  await moments.pass(50);
  expect(server.asked).toEqual([null]);
  for (const tab of tabs) {
    expect(tab.texts()).toEqual(["One two", "First"]);
    expect([tab.told, tab.wrong, tab.fold.viewers]).toEqual([["live"], [], 1]);
  }
  expect(tabs[2]!.types).toEqual([
    "thread.snapshot", "thread.presence", "thread.message.delta", "thread.message.completed",
  ]);
});

test("a message that has no text yet grows in a tab that comes then, too", async () => {
  const { moments, browser, server, tabs } = await opened(1);
  server.begin("answer");
  await moments.pass(50);
  const late = await open({ moments, browser, server });
  await moments.pass(50);
  server.grow("answer", "One");
  await moments.pass(50);
  expect([tabs[0].texts(), late.texts()]).toEqual([["One", "First"], ["One", "First"]]);
});

test("an answer that was the oldest message when it began is in a snapshot when it has ended", async () => {
  const one = world();
  one.server.begin("answer");
  one.server.grow("answer", "One");
  one.server.post("Second");
  await open(one);
  await one.moments.pass(100);
  one.server.complete("answer");
  await one.moments.pass(100);
  const late = await open(one);
  await one.moments.pass(100);
  expect(late.texts()).toEqual(["Second", "One"]);
});

test.each(["stop", "kill"] as const)("behind a leader that is gone (%s) another goes on from where it is", async (how) => {
  const { moments, server, tabs } = await opened(3);
  const [first, second, third] = tabs;
  server.begin("answer");
  server.grow("answer", "One");
  await moments.pass(50);
  const { cursor } = second.fold;
  if (how === "stop") first.stop();
  else first.tab.kill();
  server.grow("answer", " two");
  await moments.pass(100);
  server.grow("answer", " three");
  await moments.pass(100);
  expect(server.asked).toEqual([null, cursor]);
  for (const tab of [second, third!]) {
    expect([tab.texts(), new Set(tab.told), tab.wrong]).toEqual([["One two three", "First"], new Set(["live"]), []]);
    expect(tab.types.filter((type) => type === "thread.snapshot").length).toBe(1);
  }
});

test.each([[true, 18_000], [false, 46_000]])(
  "a leader that is frozen is robbed, sooner by who is looked at (%s)",
  async (visible, ms) => {
    const { moments, server, tabs } = await opened(2);
    const [first, second] = tabs;
    second.tab.visible = visible;
    first.tab.freeze();
    server.post("Second");
    await moments.pass(ms - 3_000);
    expect(second.texts()).toEqual(["First"]);
    await moments.pass(3_000);
    expect(second.texts()).toEqual(["Second", "First"]);
    first.tab.thaw();
    server.post("Third");
    await moments.pass(2_000);
    expect(server.connections.size).toBe(1);
    for (const tab of tabs) expect([tab.texts(), tab.wrong]).toEqual([["Third", "Second", "First"], []]);
  },
);

test("a page that is about to be frozen leaves the lead, and is one of them again when it is resumed", async () => {
  const { moments, server, tabs } = await opened(2);
  const [first, second] = tabs;
  first.tab.page.dispatchEvent(new Event("freeze"));
  server.post("Second");
  await moments.pass(100);
  expect([first.texts(), second.texts()]).toEqual([["First"], ["Second", "First"]]);
  first.tab.page.dispatchEvent(new Event("resume"));
  await moments.pass(100);
  server.post("Third");
  await moments.pass(100);
  expect(server.connections.size).toBe(1);
  for (const tab of tabs) expect([tab.texts(), tab.wrong]).toEqual([["Third", "Second", "First"], []]);
});

/** Hold a page of older messages, too. */
function load({ fold }: Tab) {
  fold.has_more = true;
  askOlder(fold);
  addOlder(fold, { data: [message("thread_1", "older", "Older") as Message], has_more: false });
}

test.each(["first", "second"])("a tab that was frozen (%s) goes on where it was, with the older messages that it had loaded", async (which) => {
  const { moments, server, tabs } = await opened(3);
  const frozen = tabs[which === "first" ? 0 : 1];
  load(frozen);
  server.begin("answer");
  server.grow("answer", "One");
  await moments.pass(100);
  frozen.tab.page.dispatchEvent(new Event("freeze"));
  for (const word of [" two", " three"]) server.grow("answer", word);
  server.complete("answer");
  server.post("Second");
  server.begin("another");
  server.grow("another", "Four");
  await moments.pass(600_000);
  frozen.tab.page.dispatchEvent(new Event("resume"));
  server.grow("another", " five");
  await moments.pass(100);
  expect(frozen.texts()).toEqual(["Four five", "Second", "One two three", "First", "Older"]);
  expect([frozen.wrong, server.connections.size]).toEqual([[], 1]);
  expect(frozen.types.filter((type) => type === "thread.snapshot")).toHaveLength(1);
});

test("nor does it matter that whoever leads by then has come later", async () => {
  const { moments, browser, server, tabs } = await opened(1);
  const [frozen] = tabs;
  load(frozen);
  frozen.tab.page.dispatchEvent(new Event("freeze"));
  server.post("Second");
  const late = await open({ moments, browser, server });
  await moments.pass(100);
  expect(browser.leaders).toEqual([late.tab]);
  frozen.tab.page.dispatchEvent(new Event("resume"));
  for (const word of ["One", " two", " three"]) {
    if (word === "One") server.begin("answer");
    server.grow("answer", word);
    await moments.pass(7);
  }
  await moments.pass(100);
  expect([frozen.texts(), late.texts()]).toEqual([
    ["One two three", "Second", "First", "Older"], ["One two three", "Second", "First"],
  ]);
  expect([frozen.wrong, server.connections.size]).toEqual([[], 1]);
});

test.each<[string, (to: Follower) => void]>([
  ["says nothing", () => {}],
  ["is away", (to) => to.lost("reconnecting")],
])("a tab that was frozen listens to the others where the server %s", async (_, refusing) => {
  const { moments, server, tabs } = await opened(2);
  const [, frozen] = tabs;
  frozen.tab.page.dispatchEvent(new Event("freeze"));
  server.post("Second");
  await moments.pass(100);
  server.refusing = refusing;
  frozen.tab.page.dispatchEvent(new Event("resume"));
  await moments.pass(2_100);
  expect([frozen.texts(), frozen.told, server.connections.size]).toEqual([["Second", "First"], ["live"], 1]);
});

test("who opens a tab, or comes back to one, waits two seconds for a leader that is asleep", async () => {
  const { moments, browser, server, tabs } = await opened(2);
  const [first, second] = tabs;
  second.tab.visible = false;
  first.tab.freeze();
  server.post("Second");
  await moments.pass(5_000);
  second.tab.visible = true;
  second.tab.page.dispatchEvent(new Event("visibilitychange"));
  await moments.pass(2_100);
  expect(second.texts()).toEqual(["Second", "First"]);
  second.tab.freeze();
  const third = await open({ moments, browser, server });
  await moments.pass(2_100);
  expect(third.texts()).toEqual(["Second", "First"]);
});

test("who comes back to a tab has a leader that rests try at once", async () => {
  const { moments, server, tabs } = await opened(2);
  const [first, second] = tabs;
  for (const connection of server.connections) connection.cut();
  second.tab.page.dispatchEvent(new Event("online"));
  await moments.pass(50);
  expect(server.asked.length).toBe(2);
  expect([first.told, second.told]).toEqual([["live", "reconnecting", "live"], ["live", "reconnecting", "live"]]);
});

test("a leader that is alive is left alone, however quiet the thread", async () => {
  const { moments, server } = await opened(3);
  await moments.pass(600_000);
  expect(server.asked).toEqual([null]);
});

test.each([
  ["lost", () => []],
  ["repeated", (message) => [message, message]],
  ["garbled", () => [{ says: "event", n: "?" }, null, 7]],
  ["of another shape", ({ events, ...rest }) => [{ ...rest, events: { 0: events?.[0] } }]],
  ["no JSON", ({ events, ...rest }) => [{ ...rest, events: [{ ...events?.[0], data: "{" }] }]],
] as [string, (message: any) => unknown[]][])("an event that is %s is repaired", async (_, spoil) => {
  const { moments, browser, server, tabs } = await opened(2);
  server.begin("answer");
  server.grow("answer", "One");
  await moments.pass(50);
  browser.spoil = (message: any) => (message.says === "event" ? spoil(message) : [message]);
  server.grow("answer", " two");
  await moments.pass(50);
  browser.spoil = (message) => [message];
  server.grow("answer", " three");
  await moments.pass(2_000);
  for (const tab of tabs) expect([tab.texts(), tab.wrong]).toEqual([["One two three", "First"], []]);
  expect(server.asked).toEqual([null]);
});

test("that the last event was lost is noticed in the next silence", async () => {
  const { moments, browser, server, tabs } = await opened(2);
  browser.spoil = () => [];
  server.post("Second");
  await moments.pass(50);
  browser.spoil = (message) => [message];
  await moments.pass(16_000);
  expect(tabs[1].texts()).toEqual(["Second", "First"]);
  expect(server.asked).toEqual([null]);
});

test("who is ahead of a new leader is not set back, but waits until it has caught up", async () => {
  const { moments, browser, server, tabs } = await opened(3);
  const [first, second, third] = tabs;
  server.begin("answer");
  server.grow("answer", "One");
  await moments.pass(50);
  let passed = 0;
  browser.spoil = (message: any) => (message.says === "event" && passed++ % 2 === 0 ? [] : [message]); // to the second
  server.grow("answer", " two");
  await moments.pass(18);
  browser.spoil = (message) => [message];
  expect([second.texts()[0], third!.texts()[0]]).toEqual(["One", "One two"]);
  first.tab.kill();
  server.grow("answer", " three");
  await moments.pass(1_000);
  expect(third!.texts()).toEqual(["One two three", "First"]);
  for (const tab of [second, third!]) expect(tab.wrong).toEqual([]);
});

test("all are told how the connection stands", async () => {
  const { moments, server, tabs } = await opened(2);
  for (const connection of server.connections) connection.cut();
  await moments.pass(1_000);
  for (const tab of tabs) expect(tab.told).toEqual(["live", "reconnecting", "live"]);
});

test.each([
  [undefined, "ended"],
  [new ApiError("No thread found with id 'x'.", 404), "ended: ApiError No thread found with id 'x'."],
])("all are told that nothing will come again, and why (%s)", async (why, expected) => {
  const { moments, browser, server, tabs } = await opened(3);
  server.refusing = (to) => to.ended(why);
  for (const connection of server.connections) connection.cut();
  await moments.pass(1_000);
  for (const tab of tabs) expect(tab.told.at(-1)).toBe(expected);
  expect([moments.waiting, browser.channels.size, browser.leaders]).toEqual([0, 0, []]);
});

test("what differs for the server is not shared, and no name tells the token", async () => {
  const { moments, browser, server } = await opened(1);
  await open({ moments, browser, server }, "/threads/thread_1/events?name=Ann&user_id=ann");
  await moments.pass(100);
  expect(server.connections.size).toBe(2);
  const names = [...browser.channels].map(({ name }) => name);
  expect(new Set(names).size).toBe(2);
  for (const name of names) expect(name).toMatch(/^livethread 1 [0-9a-f]{64}$/);
});

test("tabs that follow a stream without cursors are told to be live whenever they may have missed something", async () => {
  const { moments, browser } = world();
  let leading!: Follower;
  const alone: Follow = (_http, _path, to) => {
    leading = to;
    to.live();
    return () => {};
  };
  const tabs: { told: string[]; stop: () => void }[] = [];
  for (let count = 0; count < 3; count++) {
    const told: string[] = [];
    const tab = browser.tab();
    const to: Follower = {
      cursor: () => "",
      take: ({ data }) => void told.push(data),
      live: () => void told.push("live"),
      lost: (status) => void told.push(status),
      ended: () => void told.push("ended"),
    };
    const before = browser.channels.size;
    tabs.push({ told, stop: sharing(alone, tab.sight)(tab.http, "/threads/events", to, tab.page) });
    while (browser.channels.size === before) await new Promise((resolve) => setImmediate(resolve));
    await moments.pass(100);
  }
  const item = (data: string) => leading.take({ type: "thread.listed", data, id: "" });
  const told = () => tabs.map(({ told }) => told.splice(0));
  item("one");
  await moments.pass(10);
  expect(told()).toEqual(Array(3).fill(["live", "one"]));
  browser.spoil = () => [];
  item("two");
  leading.lost("reconnecting");
  leading.live();
  await moments.pass(10);
  browser.spoil = (message) => [message];
  item("three");
  await moments.pass(10);
  item("four");
  await moments.pass(1_000);
  const [first, ...others] = told();
  expect(first).toEqual(["two", "reconnecting", "live", "three", "four"]);
  expect(others).toEqual(Array(2).fill(["live", "four"]));
  tabs.shift()!.stop();
  await moments.pass(100);
  item("five");
  await moments.pass(100);
  expect(told()).toEqual(Array(2).fill(["live", "five"]));
});

test("where a lock is refused a tab follows alone", async () => {
  const { moments, browser, server } = world();
  browser.request = () => Promise.reject(new DOMException("not here", "SecurityError"));
  const tab = await open({ moments, browser, server });
  await moments.pass(100);
  expect(tab.told).toEqual(["live"]);
});

test("who stops leaves nothing behind", async () => {
  const { moments, browser, server, tabs } = await opened(2);
  for (const { stop } of tabs) stop();
  await moments.pass(60_000);
  expect([moments.waiting, browser.channels.size, browser.leaders, server.connections.size]).toEqual([0, 0, [], 0]);
});

const SEED = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 32));

test.each([0, 1, 2, 3, 4, 5])(
  `whatever happens to tabs, none shows anything wrong, and all end with the truth (SEED=${SEED}, %i)`,
  async (round) => {
    const random = dice(SEED + round);
    const chance = (share: number) => random() < share;
    const one = world(random);
    const { moments, browser, server } = one;
    let lossy = false;
    browser.delay = () => Math.floor(random() * 5) + (lossy && chance(0.05) ? 30 : 0);
    browser.spoil = (message: any) => {
      if (!lossy || chance(0.9)) return [message];
      if (chance(0.5)) return [];
      if (chance(0.5)) return [message, message];
      return [chance(0.5) ? null : { ...message, n: "?" }, message];
    };
    const tabs = new Set<Tab>();
    const all: Tab[] = [];
    const growing: string[] = [];
    const pick = <T>(some: Iterable<T>): T => [...some][Math.floor(random() * [...some].length)]!;
    for (let step = 0; step < 400; step++) {
      lossy = step % 100 < 60;
      const act = random();
      if (act < 0.05 && tabs.size < 6) {
        const tab = await open(one);
        tab.tab.visible = chance(0.7);
        tabs.add(tab);
        all.push(tab);
      } else if (act < 0.07 && tabs.size > 1) {
        const tab = pick(tabs);
        tabs.delete(tab);
        if (chance(0.5)) tab.stop();
        else tab.tab.kill();
      } else if (act < 0.09 && tabs.size) pick(tabs).tab.freeze();
      else if (act < 0.13 && tabs.size) pick(tabs).tab.thaw();
      else if (act < 0.15 && server.connections.size) pick(server.connections).cut();
      else if (act < 0.18) await moments.pass(random() * 20_000);
      else if (act < 0.2 && tabs.size) {
        const { tab } = pick(tabs);
        tab.visible = !tab.visible;
        tab.page.dispatchEvent(new Event("visibilitychange"));
      } else if (act < 0.24) server.post(`posted ${step}`);
      else if (act < 0.28 && growing.length < 3) {
        growing.push(`answer ${step}`);
        server.begin(`answer ${step}`);
      } else if (act < 0.3 && growing.length) {
        const id = growing.shift()!;
        if (server.fold.messages.some((message) => message.id === id)) server.complete(id);
        else growing.push(id);
      } else if (act < 0.31 && server.fold.messages.length) {
        const { id, status } = pick(server.fold.messages);
        if (status === "completed") server.remove(id);
      } else if (growing.length) server.grow(pick(growing), ` ${step}`);
      await moments.pass(random() * 40);
    }
    lossy = false;
    for (const { tab } of tabs) tab.thaw();
    await moments.pass(100_000);
    server.post("The end");
    await moments.pass(5_000);
    for (const tab of all) expect(tab.wrong).toEqual([]);
    for (const tab of tabs) {
      expect(tab.fold.messages).toEqual(server.fold.messages);
      expect(tab.told.at(-1)).toBe("live");
    }
    expect(server.connections.size).toBe(tabs.size ? 1 : 0);
  },
);
