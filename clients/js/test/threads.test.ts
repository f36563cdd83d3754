import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import * as livethread from "../src/index.js";
import type { ClientOptions, Message } from "../src/index.js";
import { callsOf } from "../src/calls.js";
import { Desk, message, refusal, snapshot } from "./desk.js";
import { Server } from "./server.js";
import { breaking, dice, client as inHaste, state, texts, variable } from "./stage.js";

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

const says = (...pieces: string[]) => ({ turns: [[{ pieces, delay_ms: 2 }]] });
const FOREVER = { turns: [[{ text: "Wait" }, { stall_ms: "forever" }]] };

describe("loadThread", () => {
  test("gives the newest messages, newest first, and whatever comes after, until it is stopped", async () => {
    const thread = await client().createThread({ messages: [{ role: "user", content: "One" }] });
    const ours = variable();
    const stop = client().loadThread(thread.id, ours.set);
    await stop.ready;
    expect(ours.values).toEqual([await server.messages(thread.id)]);
    await server.call("POST", `/threads/${thread.id}/messages`, { role: "user", content: "Two" });
    await ours.until((messages) => messages.length === 2);
    expect(ours.texts()).toEqual(["Two", "One"]);
    stop();
    const count = ours.values.length;
    await client().addMessage(thread.id, "Three", () => {});
    expect(ours.values.length).toBe(count);
  });

  test("gives each setter a list of its own, to turn round and to sort", async () => {
    const one = client();
    const thread = await one.createThread({ messages: [{ role: "user", content: "One" }] });
    const [ours, others] = [variable(), variable()];
    stops.push(one.loadThread(thread.id, (messages) => ours.set(messages.reverse())), one.loadThread(thread.id, others.set));
    await one.addMessage(thread.id, "Two");
    await one.addMessage(thread.id, "Three");
    await others.until((messages) => messages.length === 3 && !messages.some(({ pending }) => pending));
    expect([ours.texts(), others.texts()]).toEqual([["One", "Two", "Three"], ["Three", "Two", "One"]]);
    expect(one.thread(thread.id).getSnapshot().messages).toEqual(await server.messages(thread.id));
  });

  test("with a setter that is no function throws, and the thread is none the worse", async () => {
    const one = client();
    const thread = await one.createThread();
    const key = "my-key" as never;
    expect(() => one.loadThread(thread.id, key)).toThrow(new TypeError("set is no function"));
    await expect(one.addMessage(thread.id, "Lost", key)).rejects.toThrow(new TypeError("set is no function"));
    await one.addMessage(thread.id, "Said", undefined, key);
    expect((await server.messages(thread.id)).length).toBe(1);
  });

  test("of an unknown thread says so by its promise and in the store", async () => {
    const one = client();
    const ours = variable();
    const stop = one.loadThread("thread_none", ours.set);
    stops.push(stop);
    await expect(stop.ready).rejects.toMatchObject({ status: 404 });
    expect(one.thread("thread_none").getSnapshot()).toMatchObject({ status: "offline", error: { status: 404 } });
    expect(ours.values).toEqual([]);
  });

  test("twice with one setter tells it once, and until both are stopped", async () => {
    const one = client();
    const thread = await one.createThread();
    const ours = variable();
    const stop = one.loadThread(thread.id, ours.set);
    const other = one.loadThread(thread.id, ours.set);
    stops.push(stop, other);
    await stop.ready;
    expect(ours.values).toEqual([[]]);
    stop();
    stop();
    await one.addMessage(thread.id, "Hello");
    await ours.until((messages) => messages.length === 1 && !messages[0]!.pending);
  });

  test("of a thread that is deleted ends with nothing", async () => {
    const one = client();
    const thread = await one.createThread({ messages: [{ role: "user", content: "One" }] });
    const ours = variable();
    stops.push(one.loadThread(thread.id, ours.set));
    await ours.until((messages) => messages.length === 1);
    const seen = state(one, thread.id, ({ deleted }) => deleted);
    await one.deleteThread(thread.id);
    expect(await seen).toMatchObject({ thread: null, messages: [], status: "offline", error: null });
    await ours.until((messages) => messages.length === 0);
  });
});

describe("addMessage", () => {
  test("shows the message at once, once, and as the server has it in the end", async () => {
    const one = client({ name: "Ann Lee" });
    const thread = await one.createThread();
    const ours = variable();
    const stop = one.loadThread(thread.id, ours.set);
    stops.push(stop);
    await stop.ready;
    const sent = one.addMessage(thread.id, "Hello", ours.set);
    expect(one.thread(thread.id).getSnapshot().messages).toMatchObject([{ pending: true, role: "user" }]);
    const message = await sent;
    expect(message.metadata).toEqual({ name: "Ann Lee", user_id: "Ann-Lee" });
    expect(ours.values.at(-1)).toEqual([message]);
    expect(ours.values.every((messages) => messages.length <= 1)).toBe(true);
  });

  test("loads the newest messages first where nobody has, and lets go of the setter", async () => {
    const one = client();
    const thread = await one.createThread({ messages: [{ role: "user", content: "Old" }] });
    const ours = variable();
    await one.addMessage(thread.id, { role: "assistant", content: "New" }, ours.set);
    expect(ours.texts()).toEqual(["New", "Old"]);
    const count = ours.values.length;
    await one.addMessage(thread.id, "Newer");
    await state(one, thread.id, ({ messages }) => messages.length === 3);
    expect(ours.values.length).toBe(count);
  });

  test("that is refused takes the message back, rejects, and says why in the store", async () => {
    const one = client();
    const thread = await one.createThread();
    const ours = variable();
    const stop = one.loadThread(thread.id, ours.set);
    stops.push(stop);
    await stop.ready;
    await expect(one.addMessage(thread.id, "", ours.set)).rejects.toMatchObject({ name: "ApiError", status: 400 });
    expect(ours.values.at(-1)).toEqual([]);
    expect(one.thread(thread.id).getSnapshot()).toMatchObject({ messages: [], error: { status: 400 } });
    await one.addMessage(thread.id, "Better");
    expect(one.thread(thread.id).getSnapshot().error).toBe(null);
  });

  test("of what is no message rejects, in the server's words, and throws nothing", async () => {
    const one = client();
    const thread = await one.createThread();
    for (const nonsense of [undefined, null, 5, {}])
      await expect(one.addMessage(thread.id, nonsense as any)).rejects.toMatchObject({ name: "ApiError", param: "content" });
  });

  test("of many at once, in two clients, shows each once at every moment", async () => {
    const [one, two] = [client({ name: "Ann" }), client({ name: "Bob" })];
    const thread = await one.createThread();
    const [hers, his] = [variable(), variable()];
    stops.push(one.loadThread(thread.id, hers.set), two.loadThread(thread.id, his.set));
    const words = Array.from({ length: 12 }, (_, index) => `Word ${index}`);
    await Promise.all(words.map((word, index) => (index % 2 ? one : two).addMessage(thread.id, word)));
    const all = (messages: Message[]) => messages.length === words.length && !messages.some(({ pending }) => pending);
    expect(await hers.until(all)).toEqual(await his.until(all));
    for (const messages of [...hers.values, ...his.values]) {
      expect(new Set(texts(messages)).size).toBe(messages.length);
    }
  });
});

describe("answers that come late", () => {
  /** A gate that is shut until it is opened. */
  function gate() {
    let open!: () => void;
    const opened = new Promise<void>((resolve) => (open = resolve));
    return { open, opened };
  }

  test("find a message that the stream has brought before, and that shows once", async () => {
    const answers = gate();
    const one = client({
      fetch: async (url, init) => {
        const answer = await fetch(url, init);
        if (init?.method === "POST" && String(url).endsWith("/messages")) await answers.opened;
        return answer;
      },
    });
    const thread = await one.createThread();
    const sent = one.addMessage(thread.id, "Hello", () => {});
    const arrived = await state(one, thread.id, ({ messages }) => messages.some(({ pending }) => !pending));
    expect(arrived.messages).toEqual(await server.messages(thread.id));
    answers.open();
    await sent;
    expect(one.thread(thread.id).getSnapshot().messages).toEqual(arrived.messages);
  });

  test("or not at all are asked for again, and nothing is done twice", async () => {
    const lost = new Set<string>();
    const one = client({
      fetch: async (url, init) => {
        const answer = await fetch(url, init);
        if (init?.method !== "POST" || lost.has(String(url))) return answer;
        lost.add(String(url));
        throw new TypeError("net");
      },
    });
    const thread = await one.createThread();
    const assistant = await server.player(says("Once"));
    const ours = variable();
    await one.addMessage(thread.id, "Hello", ours.set);
    await one.run(thread.id, assistant, ours.set);
    await one.addMessageAndRun(thread.id, "Again", assistant, ours.set);
    expect(lost.size).toBe(4);
    expect(ours.texts()).toEqual(["Once", "Again", "Once", "Hello"]);
    expect(ours.values.at(-1)).toEqual(await server.messages(thread.id));
    for (const messages of ours.values) expect(messages.filter((message) => texts([message])[0] === "Hello").length).toBe(1);
  });

  test("find a run ended that no snapshot shows any more", async () => {
    const streams = gate();
    let asked = 0;
    let cut = () => {};
    const one = client({
      limit: 1,
      fetch: async (url, init) => {
        if (!String(url).includes("/events")) return fetch(url, init);
        if (!asked++) {
          const control = new AbortController();
          cut = () => control.abort();
          return fetch(url, { ...init, signal: control.signal });
        }
        await streams.opened;
        return fetch(url, { ...init, headers: { "Last-Event-ID": "1.none" } });
      },
    });
    const thread = await one.createThread();
    const assistant = await server.player(FOREVER);
    const running = one.run(thread.id, assistant);
    const { runs } = await state(one, thread.id, (now) => now.runs[0]?.status === "in_progress");
    cut();
    const other = client();
    await other.stop(thread.id);
    await other.run(thread.id, await server.player(says("Done")));
    streams.open();
    expect(await running).toMatchObject({ id: runs[0]!.id, status: "cancelled" });
  });

  /** A server whose runs have always ended, and whose stream has named none of them. */
  const quick = () => {
    const run = (id: string) => ({ id, object: "thread.run", thread_id: "thread_1", status: "completed", required_action: null });
    const desk = new Desk(({ path }) => Response.json(run(/run_\d/.exec(path)?.[0] ?? "run_1")), () => snapshot("thread_1"));
    return { desk, run, asked: () => desk.asked.map(({ method, path }) => method + path.replace("/threads/thread_1", " ")) };
  };

  test("find a run ended that a snapshot has passed by before its POST was answered", async () => {
    const { desk, asked } = quick();
    const one = inHaste(desk.options);
    const stop = one.loadThread("thread_1", () => {});
    stops.push(stop);
    await stop.ready;
    let open!: () => void;
    desk.gate = new Promise<void>((resolve) => (open = resolve));
    const running = one.run("thread_1", "asst_1");
    desk.cut("/threads/thread_1/events");
    await state(one, "thread_1", ({ status }) => status === "reconnecting");
    await state(one, "thread_1", ({ status }) => status === "live");
    open();
    expect(await running).toMatchObject({ id: "run_1", status: "completed" });
    expect(asked()).toEqual(["POST /runs", "GET /runs/run_1"]);
  });

  test("come before what the stream says, which is waited for", async () => {
    const { desk, run, asked } = quick();
    const one = livethread.createClient(desk.options);
    const ours = variable();
    const running = one.run("thread_1", "asst_1", ours.set);
    await ours.until(() => desk.asked.length === 1);
    await new Promise(setImmediate);
    desk.say("/threads/thread_1/events", "thread.run.created", { ...run("run_1"), status: "queued" }, "2.a");
    desk.say("/threads/thread_1/events", "thread.message.created", message("thread_1", "msg_1", "Yes", { run_id: "run_1" }), "3.a");
    desk.say("/threads/thread_1/events", "thread.run.completed", run("run_1"), "4.a");
    expect(await running).toMatchObject({ status: "completed" });
    expect([ours.texts(), asked()]).toEqual([["Yes"], ["POST /runs"]]);
  });

  test("say that a thread was deleted long ago", async () => {
    let asked = 0;
    let cut = () => {};
    const gone = JSON.stringify({ error: { message: "No thread found with id 'x'." } });
    const one = client({
      fetch: async (url, init) => {
        if (!String(url).includes("/events")) return fetch(url, init);
        if (asked++) return new Response(gone, { status: 404 });
        const control = new AbortController();
        cut = () => control.abort();
        return fetch(url, { ...init, signal: control.signal });
      },
    });
    const thread = await one.createThread();
    const told = expect(one.run(thread.id, await server.player(FOREVER))).rejects.toThrow("The thread was deleted.");
    await state(one, thread.id, ({ runs }) => runs[0]?.status === "in_progress");
    cut();
    await told;
    const { deleted, messages, status } = one.thread(thread.id).getSnapshot();
    expect({ deleted, messages, status }).toEqual({ deleted: true, messages: [], status: "offline" });
  });
});

describe("run", () => {
  test("streams into the variable and resolves with the run once it has ended", async () => {
    const one = client();
    const assistant = await server.player(says("One", " two", " three"));
    const thread = await one.createThread({ messages: [{ role: "user", content: "Count." }] });
    const ours = variable();
    const run = await one.run(thread.id, assistant, ours.set);
    expect(run).toMatchObject({ status: "completed", assistant_id: assistant });
    expect(ours.values.at(-1)).toEqual(await server.messages(thread.id));
    expect(ours.texts()).toEqual(["One two three", "Count."]);
  });

  test("of an unknown assistant rejects, and nothing shows as a message", async () => {
    const one = client();
    const thread = await one.createThread();
    const ours = variable();
    await expect(one.run(thread.id, "asst_none", ours.set)).rejects.toMatchObject({ status: 404 });
    expect(ours.values.flat()).toEqual([]);
  });

  test("is stopped, keeps its text, and resolves as cancelled", async () => {
    const one = client();
    const assistant = await server.player(FOREVER);
    const thread = await one.createThread();
    const ours = variable();
    const running = one.addMessageAndRun(thread.id, "Go", assistant, ours.set);
    await ours.until((messages) => texts(messages)[0] === "Wait");
    expect((await one.stop(thread.id)).map(({ id }) => id)).toEqual([(await running).id]);
    expect((await running).status).toBe("cancelled");
    expect(ours.texts()).toEqual(["Wait", "Go"]);
  });

  test("that waits for its caller resolves, and goes on with the outputs", async () => {
    const one = client();
    const call = { tool_calls: [{ name: "look", arguments: {} }] };
    const assistant = await server.player({ turns: [[call], [call], [{ text: "Seen." }]] }, "look");
    const thread = await one.createThread();
    const ours = variable();
    let run = await one.addMessageAndRun(thread.id, "Go", assistant, ours.set);
    const states = [run.status];
    while (run.status === "requires_action") {
      const outputs = callsOf(run).map(({ id }) => ({ tool_call_id: id, output: "a tree" }));
      run = await one.submitToolOutputs(thread.id, run.id, outputs, ours.set);
      states.push(run.status);
    }
    expect(states).toEqual(["requires_action", "requires_action", "completed"]);
    expect(ours.texts()).toEqual(["Seen.", "Go"]);
  });

  test("of several assistants fills the variable side by side", async () => {
    const one = client();
    const assistants = [await server.player(says("A", "b")), await server.player(says("C", "d"))];
    const thread = await one.createThread();
    const ours = variable();
    const runs = await one.addMessageAndRuns(thread.id, "Well?", assistants, ours.set);
    expect(runs.map((run) => [run.assistant_id, run.status])).toEqual(assistants.map((id) => [id, "completed"]));
    expect(texts(ours.values.at(-1)!.filter(({ assistant_id }) => assistant_id === assistants[1]))).toEqual(["Cd"]);
    expect(ours.values.at(-1)).toEqual(await server.messages(thread.id));
  });

  test("is seen by others, who see the same", async () => {
    const [one, two] = [client(), client()];
    const assistant = await server.player(says(..."Everybody sees every word.".split(/(?= )/)));
    const thread = await one.createThread();
    const [hers, his] = [variable(), variable()];
    const stop = two.loadThread(thread.id, his.set);
    stops.push(stop);
    await stop.ready;
    await one.addMessageAndRun(thread.id, "Go", assistant, hers.set);
    const ended = (messages: Message[]) => messages[0]?.status === "completed" && messages.length === 2;
    expect(await his.until(ended)).toEqual(hers.values.at(-1));
    for (const [answer] of his.values.filter((messages) => messages.length === 2)) {
      expect("Everybody sees every word.".startsWith(texts([answer!])[0] as string)).toBe(true);
    }
  });
});

describe("all who want a thread share one store", () => {
  const begun = () =>
    new Desk(({ body }) => Response.json(message("thread_1", `msg_${body.content}`, body.content)), () => snapshot("thread_1"));

  test("also who looked at it before others came and went", async () => {
    const desk = begun();
    const one = inHaste(desk.options);
    const early = one.thread("thread_1");
    await one.addMessage("thread_1", "1", () => {});
    await vi.waitFor(() => expect(desk.standing).toBe(0));
    const ours = variable();
    const stop = one.loadThread("thread_1", ours.set);
    stops.push(stop, early.subscribe(() => {}));
    await stop.ready;
    expect(desk.opened).toHaveLength(2);
    const sent = one.addMessage("thread_1", "2");
    expect(texts(early.getSnapshot().messages)).toEqual(["2"]);
    await ours.until((messages) => texts(messages).join() === "2");
    await sent;
  });

  test("also who comes while something is sent that nobody looked at, and what becomes of that", async () => {
    const desk = begun();
    const one = inHaste(desk.options);
    let open!: () => void;
    desk.gate = new Promise<void>((resolve) => (open = resolve));
    const slow = one.addMessage("thread_1", "Slow");
    desk.gate = undefined;
    desk.instead.push(Response.json(message("thread_1", "msg_1", "Fast")), refusal(403));
    await one.addMessage("thread_1", "Fast");
    const ours = variable();
    stops.push(one.loadThread("thread_1", ours.set));
    await ours.until((messages) => texts(messages).includes("Slow"));
    open();
    await expect(slow).rejects.toMatchObject({ status: 403 });
    expect(one.thread("thread_1").getSnapshot()).toMatchObject({ messages: [{ id: "msg_1" }], error: { status: 403 } });
  });
});

test("what nobody heard stays an error when the connection is back, until the next call", async () => {
  const desk = new Desk(undefined, () => snapshot("thread_1"));
  let away = true;
  const fetch = async (...request: Parameters<typeof desk.fetch>) => {
    if (away) throw new TypeError("fetch failed");
    return desk.fetch(...request);
  };
  const one = inHaste({ ...desk.options, fetch });
  stops.push(one.thread("thread_1").subscribe(() => {}));
  await expect(one.addMessage("thread_1", "Long letter")).rejects.toThrow(livethread.Unreachable);
  away = false;
  expect(await state(one, "thread_1", ({ status }) => status === "live")).toMatchObject({
    messages: [],
    error: { name: "Unreachable" },
  });
  desk.instead.push(Response.json(message("thread_1", "msg_1", "Long letter")));
  await one.addMessage("thread_1", "Long letter");
  expect(one.thread("thread_1").getSnapshot().error).toBe(null);
});

test("a server that had no place for a while is no error once it has", async () => {
  const busy = [refusal(503), refusal(429)];
  const desk = new Desk(undefined, () => snapshot("thread_1"));
  const one = inHaste({ ...desk.options, fetch: async (...request) => busy.shift() ?? desk.fetch(...request) });
  stops.push(one.thread("thread_1").subscribe(() => {}));
  await state(one, "thread_1", ({ error }) => error instanceof livethread.ApiError);
  expect(await state(one, "thread_1", ({ status }) => status === "live")).toMatchObject({ error: null });
});

test("whatever a client does there is also as a function", () => {
  const { http: _, follow: __, thread: ___, ...methods } = livethread.createClient();
  for (const name of Object.keys(methods)) expect((livethread as Record<string, unknown>)[name]).toBeTypeOf("function");
});

test("people are seen to come, to type and to go", async () => {
  const [one, two] = [client({ name: "Ann" }), client({ name: "Bob" })];
  const thread = await one.createThread();
  stops.push(two.thread(thread.id).subscribe(() => {}));
  await state(one, thread.id, ({ people }) => people.length === 2);
  await two.typing(thread.id);
  const { people } = await state(one, thread.id, (now) => now.people.some(({ typing }) => typing));
  expect(people.find(({ typing }) => typing)).toEqual({ user_id: "Bob", name: "Bob", typing: true });
  await expect(two.run(thread.id, "asst_none")).rejects.toMatchObject({ status: 404 });
  await two.typing(thread.id, false);
  expect(two.thread(thread.id).getSnapshot().error).toMatchObject({ status: 404 }); // as they still want to see
});

describe("whatever happens to the connection", () => {
  test.each([1, 2, 3])("which is cut at random places, the variable ends with the truth (%i)", async () => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    const random = dice(seed);
    const words = Array.from({ length: 300 }, (_, index) => ["ä", "b€", "c\u{1f333} "][Math.floor(random() * 3)]! + index);
    const cutting = breaking(random, 40_000);
    const one = client({ fetch: cutting.fetch, random, name: "Ann" });
    const assistants = [await server.player(says(...words)), await server.player(says(...words.reverse()))];
    const thread = await one.createThread();
    const ours = variable();
    await one.addMessageAndRuns(thread.id, "Go", assistants, ours.set);
    expect(ours.values.at(-1), `seed ${seed}`).toEqual(await server.messages(thread.id));
    expect(cutting.cuts(), `seed ${seed}`).toBeGreaterThan(3);
    for (const messages of ours.values) {
      expect(new Set(messages.map(({ id }) => id)).size, `seed ${seed}`).toBe(messages.length);
      expect(messages.filter(({ role }) => role === "user").length, `seed ${seed}`).toBeLessThanOrEqual(1);
    }
  });

  test("to a server that is killed and starts again, the run goes on and nothing is lost", async () => {
    const own = await Server.start();
    try {
      const one = inHaste({ url: own.url });
      const assistant = await own.player(says(...Array.from({ length: 300 }, (_, index) => `${index} `)));
      const thread = await one.createThread();
      const ours = variable();
      const running = one.addMessageAndRun(thread.id, "Go", assistant, ours.set);
      await ours.until((messages) => (texts(messages)[0] as string)?.length > 100);
      await own.kill();
      await state(one, thread.id, ({ status, error }) => status === "reconnecting" && error?.name === "Unreachable");
      await own.restart();
      expect((await running).status).toBe("completed");
      expect(ours.values.at(-1)).toEqual(await own.messages(thread.id));
      expect(one.thread(thread.id).getSnapshot().error).toBe(null);
    } finally {
      await own.close();
    }
  });
});
