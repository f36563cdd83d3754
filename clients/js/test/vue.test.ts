// @vitest-environment happy-dom
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { createApp, createSSRApp, effectScope, h, isReactive, nextTick, reactive, ref, watch } from "vue";
import { createClient, Unreachable } from "../src/index.js";
import { type UsedThread, useThread, useThreads } from "../src/vue.js";
import { type Asked, Desk, message, refusal, snapshot } from "./desk.js";
import { Server } from "./server.js";
import { hasty, texts } from "./stage.js";

/** A server whose threads each begin with one message that says which thread it is. */
const talking = (answer?: (asked: Asked) => Response) =>
  new Desk(answer, (path) => {
    const id = path.split("/")[2]!;
    return id === "events" ? ":\n" : snapshot(id, [message(id, `${id}_1`, `This is ${id}`)]);
  });

const shows = ({ messages }: UsedThread, ...said: string[]) =>
  expect.poll(() => texts(messages.value)).toEqual(said);

const warned = vi.spyOn(console, "warn");
const complained = vi.spyOn(console, "error");
const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
  expect([warned.mock.calls, complained.mock.calls]).toEqual([[], []]);
});

/** What a component's setup gives, as long as the test lasts or until it is unmounted. */
function mounted<T extends object>(setup: () => T): T & { unmount: () => void } {
  let given!: T;
  const app = createApp({ setup: () => ((given = setup()), () => null) });
  app.mount(document.createElement("div"));
  let done = false;
  const unmount = () => {
    if (!done) app.unmount();
    done = true;
  };
  stops.push(unmount);
  return { ...given, unmount };
}

describe("useThread", () => {
  test("gives the thread as it is and as it becomes, and no proxies of it", async () => {
    const desk = talking();
    const thread = mounted(() => useThread("thread_a", desk.options));
    expect([thread.thread.value, thread.messages.value, thread.status.value]).toEqual([null, [], "connecting"]);
    await shows(thread, "This is thread_a");
    expect([thread.thread.value!.id, thread.status.value, thread.error.value]).toEqual(["thread_a", "live", null]);
    const [before] = thread.messages.value;
    desk.say("/threads/thread_a/events", "thread.message.created", message("thread_a", "msg_2", "木 🌳"), "2.a");
    await shows(thread, "木 🌳", "This is thread_a");
    expect(thread.messages.value[1]).toBe(before);
    expect([thread.messages.value, before!, thread.thread.value!].map(isReactive)).toEqual([false, false, false]);
    expect(isReactive(reactive(thread).messages)).toBe(false);
  });

  test("has one connection, and none once it is unmounted", async () => {
    const desk = talking();
    const thread = mounted(() => useThread("thread_a", { ...desk.options, after: hasty }));
    await shows(thread, "This is thread_a");
    expect([desk.opened, desk.standing]).toEqual([["/threads/thread_a/events"], 1]);
    thread.unmount();
    await expect.poll(() => desk.standing).toBe(0);
  });

  test("ends with the effect scope, where there is no component", async () => {
    const desk = talking();
    const scope = effectScope();
    const thread = scope.run(() => useThread("thread_a", { ...desk.options, after: hasty }))!;
    await shows(thread, "This is thread_a");
    scope.stop();
    await expect.poll(() => desk.standing).toBe(0);
  });

  test("unmounted before the thread is there leaves nothing behind", async () => {
    const desk = talking();
    mounted(() => useThread("thread_a", { ...desk.options, after: hasty })).unmount();
    await expect.poll(() => [desk.opened.length, desk.standing]).toEqual([1, 0]);
  });

  test("never gives the messages of one thread as those of another", async () => {
    const desk = talking();
    const id = ref<string | null>("thread_a");
    const seen: string[] = [];
    const thread = mounted(() => {
      const used = useThread(id, desk.options);
      const see = () => seen.push(...used.messages.value.map(({ thread_id }) => `${thread_id} in ${id.value}`));
      watch([used.messages, id], see, { flush: "sync", immediate: true });
      return used;
    });
    await shows(thread, "This is thread_a");
    id.value = "thread_b";
    expect([thread.messages.value, thread.status.value]).toEqual([[], "connecting"]);
    await shows(thread, "This is thread_b");
    id.value = null;
    await shows(thread);
    await expect(thread.addMessage("Hello")).rejects.toThrow("No thread is chosen: give useThread the id of one");
    id.value = "thread_a";
    expect(texts(thread.messages.value)).toEqual(["This is thread_a"]); // its connection was still there
    expect(new Set(seen)).toEqual(new Set(["thread_a in thread_a", "thread_b in thread_b"]));
  });

  test("takes its id and its options from getters and reactive objects, and makes one client of what they say", async () => {
    const desk = talking();
    const options = reactive({ ...desk.options, name: "Ann", limit: 5 });
    const chosen = reactive({ id: "thread_a" });
    const thread = mounted(() => useThread(() => chosen.id, options));
    const other = mounted(() => useThread("thread_a", () => ({ limit: 5, name: options.name, ...desk.options })));
    await shows(thread, "This is thread_a");
    expect(other.messages.value).toBe(thread.messages.value);
    options.name = "Bob";
    await nextTick();
    await shows(thread, "This is thread_a");
    const by = (name: string) => `/threads/thread_a/events?name=${name}&user_id=${name}&limit=5`;
    expect(desk.opened).toEqual([by("Ann"), by("Bob")]);
  });

  test("takes a client of the page's own", async () => {
    const desk = talking();
    const client = createClient(desk.options);
    const thread = mounted(() => useThread("thread_a", reactive({ client })));
    await shows(thread, "This is thread_a");
    expect(client.thread("thread_a").getSnapshot().messages).toBe(thread.messages.value);
    const lists = [mounted(() => useThreads(reactive({ client }))), mounted(() => useThreads({ client }))];
    await expect.poll(() => lists.map(({ error }) => error.value?.message)).toEqual(["No.", "No."]);
    expect(desk.opened).toEqual(["/threads/thread_a/events", "/threads/events"]);
  });

  test("renders once a frame, and only what has changed", async () => {
    const desk = talking();
    const frames: (() => void)[] = [];
    const client = createClient({ ...desk.options, frame: (run) => void frames.push(run) });
    const paint = () => {
      frames.splice(0).forEach((run) => run());
      return nextTick();
    };
    const renders = { messages: 0, runs: 0 };
    let thread!: UsedThread;
    const Messages = () => (renders.messages++, h("p", texts(thread.messages.value).join()));
    const Runs = () => (renders.runs++, h("p", thread.activeRuns.value.length));
    const app = createApp({ setup: () => ((thread = useThread("thread_a", { client })), () => [h(Messages), h(Runs)]) });
    stops.push(() => app.unmount());
    app.mount(document.createElement("div"));
    await expect.poll(() => client.thread("thread_a").getSnapshot().status).toBe("live");
    await paint();
    const stream = "/threads/thread_a/events";
    const growing = message("thread_a", "msg_2", "", { status: "in_progress", role: "assistant" });
    desk.say(stream, "thread.message.created", growing, "2.a");
    Object.assign(renders, { messages: 0, runs: 0 });
    for (let n = 0; n < 50; n++)
      desk.say(stream, "thread.message.delta", {
        id: "msg_2", delta: { content: [{ index: 0, type: "text", text: { value: "🌳", annotations: [] } }] },
      });
    await expect.poll(() => texts(client.thread("thread_a").getSnapshot().messages)[0]).toBe("🌳".repeat(50));
    expect(renders).toEqual({ messages: 0, runs: 0 });
    await paint();
    expect(renders).toEqual({ messages: 1, runs: 0 });
  });
});

describe("rendering", () => {
  const page = (desk: Desk) => ({
    setup() {
      const { messages, status } = useThread("thread_a", desk.options);
      return () => h("p", `${status.value}: ${texts(messages.value).join(", ")}`);
    },
  });

  test("hydrates what a server has rendered to what there is without a warning", async () => {
    const desk = talking();
    await shows(mounted(() => useThread("thread_a", desk.options)), "This is thread_a"); // known before it hydrates
    const container = document.createElement("div");
    container.innerHTML = "<p>connecting: </p>";
    const app = createSSRApp(page(desk));
    stops.push(() => app.unmount());
    app.mount(container);
    await expect.poll(() => container.textContent).toBe("live: This is thread_a");
  });
});

describe("with the server", () => {
  let server: Server;
  beforeAll(async () => {
    server = await Server.start();
  });
  afterAll(() => server.close());

  const begin = async () => (await server.call("POST", "/threads", {})).id;

  test("the list moves when something is said, and its threads are renamed", async () => {
    const list = mounted(() => useThreads({ after: hasty, url: server.url }));
    await expect.poll(() => list.status.value).toBe("live");
    const id = await begin();
    await expect.poll(() => list.threads.value.map((thread) => thread.id)).toEqual([id]);
    await list.rename(id, "Trees");
    expect(list.threads.value[0]!.title).toBe("Trees");
    await list.more();
    expect([list.has_more.value, list.error.value]).toEqual([false, null]);
  });

  test("the functions are those of the thread that is chosen at the moment", async () => {
    const id = ref<string | null>(null);
    const thread = mounted(() => useThread(id, { after: hasty, url: server.url, name: "Ann" }));
    const assistant = await server.player({ turns: [[{ text: "One" }]] });
    id.value = await begin();
    expect(await thread.addMessage("Hello")).toMatchObject({ metadata: { name: "Ann" } });
    expect(await thread.addMessageAndRun("Again", assistant)).toMatchObject({ status: "completed" });
    await expect.poll(async () => thread.messages.value).toEqual(await server.messages(id.value!));
    id.value = await begin();
    await thread.addMessage("Elsewhere");
    await shows(thread, "Elsewhere");
  });

  test("of functions that change the newest answer, also a run that has waited for them", async () => {
    const id = await begin();
    const asks = await server.player(
      { turns: [[{ tool_calls: [{ name: "which", arguments: {} }] }], [{ text: "Done" }]] }, "which",
    );
    const plain = mounted(() => useThread(id, { after: hasty, url: server.url }));
    const waiting = await plain.run(asks);
    expect(waiting.status).toBe("requires_action");
    const n = ref(0);
    const tools = () => (n.value ? { which: () => `${n.value}` } : undefined);
    const able = mounted(() => useThread(id, () => ({ after: hasty, url: server.url, tools: tools() })));
    await expect.poll(() => able.status.value).toBe("live");
    n.value = 1;
    await expect.poll(() => plain.runs.value[0]!.status).toBe("completed");
    n.value = 2;
    await able.run(asks);
    const outputs = plain.run_steps.value.map(({ step_details }) =>
      step_details.type === "tool_calls" ? step_details.tool_calls[0]!.function.output : null,
    );
    expect(outputs.filter(Boolean)).toEqual(["1", "2"]);
  });

  test("a message whose answer is lost is not there twice when it is tried again", async () => {
    const id = await begin();
    let lossy = true;
    const losing: typeof fetch = async (...request) => {
      const answer = await fetch(...request);
      if (!lossy || request[1]?.method !== "POST") return answer;
      throw new TypeError("The line went dead.");
    };
    const thread = mounted(() => useThread(id, { url: server.url, fetch: losing, after: hasty }));
    await expect.poll(() => thread.status.value).toBe("live");
    await expect(thread.addMessage("Once")).rejects.toThrow(Unreachable);
    lossy = false;
    await thread.retry();
    await shows(thread, "Once");
    expect(texts(await server.messages(id))).toEqual(["Once"]);
  });
});

test("retry loads a thread that was refused", async () => {
  const desk = talking();
  let forbidden = true;
  const sometimes: typeof fetch = (...request) => (forbidden ? Promise.resolve(refusal(403)) : desk.fetch(...request));
  const thread = mounted(() => useThread("thread_a", { ...desk.options, fetch: sometimes }));
  await expect.poll(() => thread.status.value).toBe("offline");
  forbidden = false;
  await thread.retry();
  await shows(thread, "This is thread_a");
});
