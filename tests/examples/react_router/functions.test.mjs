/** The functions of the example against a server that is played. Run with the folder `app` as EXAMPLE. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { afterEach, mock, test } from "node:test";
import { answers, page, posts, settled, sources } from "./source.mjs";

const { fold, TYPES } = await import(`${process.env.EXAMPLE}/stream.ts`);
const { addMessage, addMessageAndRun, addMessageAndRuns, loadThread, run, stop } = await import(`${process.env.EXAMPLE}/thread.ts`);

const EMPTY = { messages: [], shown: [], runs: [], error: null, gone: false };
const JSON_TYPE = "application/json";
const message = (id, text, more = {}) => ({
  id, role: "user", status: "completed", content: text ? [{ type: "text", text: { value: text, annotations: [] } }] : [], ...more,
});
const delta = (id, value) => ({ id, delta: { content: [{ index: 0, type: "text", text: { value } }] } });
const snapshot = (messages = [], runs = []) => ({ messages, runs });
const texts = (list) => list.map(({ content }) => content.map(({ text }) => text.value).join(""));

/** What a setter was told last. */
function variable() {
  const told = [];
  const set = (value) => told.push(value);
  return { set, told, now: () => told.at(-1) };
}

afterEach(() => {
  assert.deepEqual(sources.filter(({ readyState }) => readyState !== 2), [], "a stream that nobody looks at is closed");
  assert.deepEqual(answers, []);
  sources.length = posts.length = 0;
  mock.timers.tick(100_000);
  assert.deepEqual(sources, [], "and is not opened again");
});

for (const file of ["threads", "messages", "deltas", "runs", "starts", "no-change"]) {
  const { cases } = JSON.parse(readFileSync(`${process.env.CASES}/${file}.json`, "utf8"));
  for (const { name, start = {}, events, expect } of cases) {
    test(`${file}: ${name}`, () => {
      const { messages = [], runs = [] } = start;
      let state = { ...EMPTY, messages, runs, shown: messages };
      const says = (wanted) => {
        const shown = state.shown.map((one) => ({ ...one, content: one.content.flat() }));
        assert.deepEqual({ messages: shown, runs: state.runs }, { messages: wanted.messages, runs: wanted.runs });
      };
      for (const { type, data, then } of events) {
        if (TYPES.includes(type)) state = fold(state, type, data);
        if (then) says(then);
      }
      says(expect);
    });
  }
}

test("a message that has not changed is the same object", () => {
  const old = message("msg_1", "Hello");
  const before = { ...EMPTY, messages: [message("msg_2", "Yes", { status: "in_progress" }), old] };
  const after = fold(before, "thread.message.delta", delta("msg_2", "!"));
  assert.deepEqual(texts(after.shown), ["Yes!", "Hello"]);
  assert.equal(after.shown[1], old);
  assert.deepEqual(texts(before.messages), ["Yes", "Hello"]);
  assert.equal(fold(after, "thread.run.created", { id: "run_1" }).shown, after.shown);
});

test("the variable is the thread, to the token, however many look at it over one stream", () => {
  const one = variable(), other = variable();
  const stops = [loadThread("thread_1", one.set), loadThread("thread_1", other.set)];
  assert.deepEqual(sources.map(({ url }) => url), ["/api/load-thread?thread_id=thread_1"]);
  const [source] = sources;
  source.open();
  source.say("thread.snapshot", snapshot([message("msg_1", "Hello")]), "1.a");
  source.say("thread.message.created", message("msg_2", "", { status: "in_progress" }));
  assert.deepEqual(texts(one.now()), ["Hello"]);
  for (const [piece, so_far] of [["日本", "日本"], ["語 🎉", "日本語 🎉"]]) {
    source.say("thread.message.delta", delta("msg_2", piece), "2.b");
    assert.deepEqual(texts(one.now()), [so_far, "Hello"]);
  }
  source.say("thread.message.completed", message("msg_2", "日本語 🎉!"));
  assert.deepEqual(texts(other.now()), ["日本語 🎉!", "Hello"]);
  stops[0]();
  stops[0]();
  const told = one.told.length;
  source.say("thread.message.deleted", { id: "msg_1" });
  assert.deepEqual([one.told.length, texts(other.now())], [told, ["日本語 🎉!"]]);
  stops[1]();
});

test("a source that comes back by itself is left to, one that has given up is replaced behind the last event", () => {
  const status = variable();
  const end = loadThread("thread_1", () => {}, status.set);
  sources[0].open();
  sources[0].say("thread.snapshot", snapshot(), "7.q~3.0.2");
  sources[0].lose();
  mock.timers.tick(5_000);
  assert.equal(sources.length, 1);
  assert.equal(status.now().error, "There is no connection. Trying again …");
  sources[0].open();
  assert.equal(status.now().error, null);
  sources[0].lose(2);
  mock.timers.tick(2_999);
  assert.equal(sources.length, 1);
  mock.timers.tick(1);
  assert.equal(sources[1].url, "/api/load-thread?thread_id=thread_1&cursor=7.q%7E3.0.2");
  sources[1].open();
  assert.deepEqual(status.now().error, null);
  end();
});

test("a source that is quiet for long may be dead, and one who comes back asks at once", () => {
  const end = loadThread("thread_1", () => {});
  sources[0].open();
  mock.timers.tick(20_000);
  sources[0].say("thread.snapshot", snapshot(), "1.a");
  mock.timers.tick(29_999);
  assert.equal(sources.length, 1);
  mock.timers.tick(1);
  assert.deepEqual([sources.length, sources[0].readyState], [2, 2]);
  document.hidden = true;
  page.dispatchEvent(new Event("visibilitychange"));
  assert.equal(sources.length, 2);
  document.hidden = false;
  page.dispatchEvent(new Event("visibilitychange"));
  page.dispatchEvent(new Event("online"));
  assert.equal(sources.length, 4);
  mock.timers.tick(30_000); // it has not even begun
  assert.equal(sources.length, 5);
  end();
  page.dispatchEvent(new Event("online"));
  assert.equal(sources.length, 5);
});

test("what the server says is wrong is said, and a thread that is not there or is deleted is asked for no more", () => {
  const status = variable();
  const end = loadThread("thread_1", () => {}, status.set);
  sources[0].onerror(new MessageEvent("error", { data: '{"message": "Too many look on."}' }));
  assert.deepEqual([status.now().error, status.now().gone], ["Too many look on.", false]);
  sources[0].say("refused", { message: "No thread found." });
  assert.deepEqual([status.now().error, status.now().gone, sources[0].readyState], ["No thread found.", true, 2]);
  end();
  const thread = variable();
  const stop = loadThread("thread_2", thread.set, status.set);
  sources[1].say("thread.snapshot", snapshot([message("msg_1", "Hello")]));
  sources[1].say("thread.deleted", {});
  assert.deepEqual([thread.now(), status.now().error, status.now().gone], [[], "This thread was deleted.", true]);
  mock.timers.tick(100_000);
  assert.equal(sources.length, 2);
  stop();
});

test("a message is added once it stands there, whichever of answer and event comes first", async () => {
  const thread = variable();
  for (const first of ["answer", "event"]) {
    answers.push([200, message("msg_1", "Hello")]);
    const added = addMessage("thread_1", "Hello", thread.set);
    if (first === "answer") await settled();
    sources.at(-1).say("thread.message.created", message("msg_1", "Hello"));
    assert.deepEqual(await added, message("msg_1", "Hello"));
    assert.deepEqual(texts(thread.now()), ["Hello"]);
    assert.deepEqual(posts.pop(), ["POST", "/api/add-message", JSON_TYPE, { thread_id: "thread_1", message: "Hello" }]);
  }
});

test("a run is one post, and comes back with its end", async () => {
  const thread = variable();
  for (const status of ["completed", "failed", "incomplete", "cancelled", "expired", "requires_action"]) {
    answers.push([200, { runs: [{ id: "run_1", status: "queued" }] }]);
    const running = run("thread_1", "asst_1", thread.set);
    await settled();
    const source = sources.at(-1);
    for (const so_far of ["queued", "in_progress"]) source.say(`thread.run.${so_far}`, { id: "run_1", status: so_far });
    source.say("thread.run.created", { id: "run_1", status: "queued" });
    source.lose();
    source.say(`thread.run.${status}`, { id: "run_1", status });
    assert.deepEqual(await running, { id: "run_1", status });
    assert.deepEqual(posts.splice(0), [["POST", "/api/run", JSON_TYPE, { thread_id: "thread_1", assistant_id: "asst_1" }]]);
  }
});

test("a message with one assistant or several is one post, and comes back when all have ended", async () => {
  const runs = [{ id: "run_2", status: "queued" }, { id: "run_1", status: "queued" }];
  answers.push([200, { runs }], [200, { runs: [runs[1]] }]);
  const both = addMessageAndRuns("thread_1", "Hi", ["asst_1", "asst_2"], () => {});
  const one = addMessageAndRun("thread_1", "Hi", "asst_1", () => {});
  await settled();
  assert.deepEqual(posts.map(([, path, , body]) => [path, body]), [
    ["/api/run", { thread_id: "thread_1", message: "Hi", assistant_ids: ["asst_1", "asst_2"] }],
    ["/api/run", { thread_id: "thread_1", message: "Hi", assistant_ids: ["asst_1"] }],
  ]);
  sources[0].say("thread.snapshot", snapshot([], runs));
  sources[0].say("thread.run.completed", { id: "run_1", status: "completed" });
  assert.equal((await one).status, "completed");
  sources[0].say("thread.run.failed", { id: "run_2", status: "failed" });
  assert.deepEqual((await both).map(({ status }) => status), ["failed", "completed"]);
  assert.equal(sources.length, 1);
});

test("what is refused is a sentence and changes nothing", async () => {
  const thread = variable();
  const stopped = loadThread("thread_1", thread.set);
  sources[0].say("thread.snapshot", snapshot([message("msg_1", "Hello")]));
  answers.push([404, { error: { message: "No assistant found." } }], [502, "<html>"], new TypeError("fetch failed"), [200, null]);
  for (const sentence of ["No assistant found.", ...Array(3).fill("The server cannot be reached.")]) {
    await assert.rejects(addMessageAndRun("thread_1", "Hi", "asst_1", thread.set), { name: "Error", message: sentence });
    assert.deepEqual(texts(thread.now()), ["Hello"]);
  }
  answers.push([200, { data: [] }]);
  await stop("thread_1");
  assert.deepEqual(posts.at(-1), ["DELETE", "/api/run", JSON_TYPE, { thread_id: "thread_1" }]);
  stopped();
});

test("a run whose thread is deleted meanwhile is waited for no more", async () => {
  answers.push([200, { runs: [{ id: "run_1", status: "queued" }] }]);
  const running = run("thread_1", "asst_1", () => {});
  await settled();
  sources[0].say("thread.deleted", {});
  assert.deepEqual(await running, { id: "run_1", status: "queued" });
});
