import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { canAnswer } from "../src/calls.js";
import { Fold } from "../src/fold.js";
import { createHttp } from "../src/http.js";
import { ApiError, type Run, type Tools } from "../src/index.js";
import { answer, takeUp } from "../src/tools.js";
import { Server } from "./server.js";
import { client, Moments, variable } from "./stage.js";

const calling = (...calls: [name: string, args?: unknown][]) => ({
  turns: [[{ tool_calls: calls.map(([name, args = {}]) => ({ name, arguments: args })) }], [{ text: "Thanks." }]],
});

describe("with a server", () => {
  let server: Server;
  beforeAll(async () => {
    server = await Server.start();
  });
  afterAll(() => server.close());

  const outputs = async (run: Run) => {
    const steps = await server.call("GET", `/threads/${run.thread_id}/runs/${run.id}/steps?order=asc`);
    return steps.data[0].step_details.tool_calls.map((call: any) => call.function.output);
  };

  test("of three who watch exactly one answers", async () => {
    const answered: string[] = [];
    const clients = ["ann", "bob", "eve"].map((userId) =>
      client({
        url: server.url,
        name: userId,
        userId,
        tools: {
          look: async ({ at }: { at: string }, { run_id }) => {
            answered.push(run_id);
            return `${at} is there`;
          },
        },
      }),
    );
    const thread = await clients[0]!.createThread();
    const watching = clients.map((one) => one.loadThread(thread.id, variable().set));
    await Promise.all(watching.map(({ ready }) => ready));
    const assistant = await server.player(calling(["look", { at: "Rome" }]), "look");
    const run = await clients[1]!.addMessageAndRun(thread.id, "Go", assistant);
    expect(run.status).toBe("completed");
    expect(answered).toEqual([run.id]);
    expect(await outputs(run)).toEqual(["Rome is there"]);
    expect(clients.map((one) => one.thread(thread.id).getSnapshot().error)).toEqual([null, null, null]);
    for (const stop of watching) stop();
  });

  test("whatever a function gives or throws is told to the model", async () => {
    const one = client({
      url: server.url,
      tools: {
        text: () => "as it is",
        object: () => ({ a: [1] }),
        nothing: () => {},
        failing: () => {
          throw new Error("no light");
        },
      },
    });
    const names = ["text", "object", "nothing", "failing"];
    const assistant = await server.player(calling(...names.map((name): [string] => [name])), ...names);
    const thread = await one.createThread();
    const run = await one.addMessageAndRun(thread.id, "Go", assistant);
    expect(run.status).toBe("completed");
    expect(await outputs(run)).toEqual(["as it is", '{"a":[1]}', "", "The function failing failed: Error: no light"]);
  });

  test("a run that calls anything else waits for its caller", async () => {
    const one = client({ url: server.url, tools: { look: () => "never" } });
    const assistant = await server.player(calling(["look"], ["listen"]), "look", "listen");
    const thread = await one.createThread();
    expect((await one.addMessageAndRun(thread.id, "Go", assistant)).status).toBe("requires_action");
  });
});

describe("without one", () => {
  const run = {
    id: "run_1",
    thread_id: "thread_1",
    status: "requires_action",
    required_action: {
      type: "submit_tool_outputs",
      submit_tool_outputs: { tool_calls: [{ id: "call_1", type: "function", function: { name: "f", arguments: "" } }] },
    },
  } as Run;

  /** Calls are answered by a list; what is asked is written down. */
  function scripted(tools: Tools, ...answers: [status: number, body: object][]) {
    const moments = new Moments();
    const asked: [path: string, claim: string | undefined][] = [];
    const given: string[][] = [];
    const http = createHttp({
      url: "http://server",
      now: () => moments.now,
      after: moments.after,
      fetch: async (url, init) => {
        const headers = init!.headers as Record<string, string>;
        asked.push([String(url).split("/").pop()!, headers["x-livethread-claim"]]);
        const { tool_outputs } = JSON.parse(init!.body as string);
        if (tool_outputs) given.push(tool_outputs.map(({ output }: { output: string }) => output));
        const [status, body] = answers.shift()!;
        return new Response(JSON.stringify(body), { status });
      },
    });
    let waits = true;
    const done = answer(http, "/threads/t/runs/r", "ann", tools, run, () => waits);
    done.catch(() => {});
    return { done, asked, given, moments, over: () => (waits = false) };
  }

  const granted: [number, object] = [200, { granted: true, token: "claim_1", expires_at: 15 }];
  const refused: [number, object] = [200, { granted: false, expires_at: 15 }];
  const lost: [number, object] = [400, { error: { message: "Lost.", code: "claim_lost", param: null } }];

  test("names that every object has are no tools", () => {
    expect(canAnswer({}, { ...run, required_action: JSON.parse(JSON.stringify(run.required_action).replace('"f"', '"toString"')) })).toBe(false);
    expect(canAnswer({ f: () => {} }, run)).toBe(true);
    expect(canAnswer({ f: () => {} }, { ...run, status: "completed" })).toBe(false);
  });

  test("a claim is renewed while the function works", async () => {
    let finish!: (output: string) => void;
    const { done, asked, moments } = scripted(
      { f: () => new Promise((resolve) => (finish = resolve)) }, granted, granted, granted, [200, {}],
    );
    await moments.pass(11_000);
    finish("late");
    await done;
    expect(asked).toEqual([
      ["claim", undefined], ["claim", "claim_1"], ["claim", "claim_1"], ["submit_tool_outputs", "claim_1"],
    ]);
    expect(moments.waiting).toBe(0);
  });

  test("a claim is renewed while the server is away, and no more once it is refused, be the function never done", async () => {
    const gone: [number, object] = [400, { error: { message: "The run has ended.", code: null, param: null } }];
    const away = Array.from({ length: 4 }, (): [number, object] => [503, {}]);
    const { asked, moments } = scripted({ f: () => new Promise(() => {}) }, granted, ...away, gone);
    await moments.pass(600_000);
    expect([asked.length, moments.waiting]).toEqual([6, 0]);
  });

  test("a function is told when nobody looks on any more, and its claim is renewed for a minute then", async () => {
    let told: AbortSignal | undefined;
    const forever = Array.from({ length: 100 }, () => granted);
    const { asked, moments, over } = scripted(
      { f: (_, { signal }) => new Promise(() => void (told = signal)) }, ...forever,
    );
    await moments.pass(20_000);
    expect([told!.aborted, asked.length]).toEqual([false, 5]);
    over();
    await moments.pass(5_000);
    expect(told!.aborted).toBe(true);
    await moments.pass(600_000);
    expect([asked.length, moments.waiting]).toEqual([17, 0]);
  });

  test("a function that gives up when nobody looks on leaves the call to others", async () => {
    const forever = Array.from({ length: 100 }, () => granted);
    const { done, asked, moments, over } = scripted(
      { f: (_, { signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))) },
      ...forever,
    );
    await moments.pass(1_000);
    over();
    await moments.pass(60_000);
    expect(await done).toBe(false);
    expect([new Set(asked.map(([path]) => path)), moments.waiting]).toEqual([new Set(["claim"]), 0]);
  });

  test("a function is told nothing of a lost claim, which can be asked for again", async () => {
    let told: AbortSignal | undefined;
    let finish!: (output: string) => void;
    const { done, given, moments } = scripted(
      { f: (_, { signal }) => new Promise((resolve) => ([told, finish] = [signal, resolve])) },
      granted, lost, lost, granted, [200, {}],
    );
    await moments.pass(60_000);
    expect(told!.aborted).toBe(false);
    finish("late");
    await moments.pass(10_000);
    expect(await done).toBe(true);
    expect(given).toEqual([["late"], ["late"]]);
  });

  test("who is not granted it looks again when the claim has lapsed", async () => {
    const { done, asked, moments } = scripted({ f: () => "ok" }, refused, granted, [200, {}]);
    await moments.pass(14_000);
    expect(asked.length).toBe(1);
    await moments.pass(1_000);
    await done;
    expect(asked.length).toBe(3);
  });

  test("who is not granted it leaves it once the run has gone on", async () => {
    const { done, asked, moments, over } = scripted({ f: () => "ok" }, refused);
    await moments.pass(1_000);
    over();
    await moments.pass(15_000);
    await done;
    expect(asked.length).toBe(1);
  });

  test("a lost claim is asked for again, and no function is called twice", async () => {
    let times = 0;
    const { done, asked, moments } = scripted({ f: () => `${++times}` }, granted, lost, granted, [200, {}]);
    await moments.pass(1_000);
    await done;
    expect([times, asked.length]).toEqual([1, 4]);
  });

  test("outputs are kept for a server that is away, be it for minutes", async () => {
    let times = 0;
    const away = Array.from({ length: 40 }, (): [number, object] => [503, {}]);
    const { done, asked, moments } = scripted({ f: () => `${++times}` }, granted, ...away, granted, [200, {}]);
    await moments.pass(600_000);
    expect(await done).toBe(true);
    expect([times, asked.length]).toEqual([1, 43]);
    expect(asked.at(-1)).toEqual(["submit_tool_outputs", "claim_1"]);
  });

  test("calls are taken up once, and again only if the thread was left before they were answered", async () => {
    const moments = new Moments();
    let asked = 0;
    const answers: [number, object][] = [refused, granted, [200, {}]];
    const http = createHttp({
      url: "http://server",
      now: () => moments.now,
      after: moments.after,
      fetch: async () => {
        const [status, body] = answers[asked++]!;
        return new Response(JSON.stringify(body), { status });
      },
    });
    const fold = new Fold();
    fold.begin({ runs: [run] });
    let followed = true;
    let called = 0;
    const look = () => takeUp(http, fold, "ann", { f: () => `${++called}` }, run, () => followed);
    const left = look();
    await moments.pass(1_000);
    followed = false;
    await moments.pass(20_000);
    await left;
    followed = true;
    await Promise.all([look(), look()]);
    await look();
    expect([called, asked]).toEqual([1, 3]);
  });

  test("outputs that are refused are told of, unless the run has gone on", async () => {
    const wrong: [number, object] = [400, { error: { message: "Too long.", code: null, param: null } }];
    const one = scripted({ f: () => "ok" }, granted, wrong, wrong);
    await one.moments.pass(1_000);
    await expect(one.done).rejects.toEqual(new ApiError("Too long.", 400));
    const other = scripted({ f: () => "ok" }, granted, wrong, wrong);
    await other.moments.pass(0);
    other.over();
    await other.moments.pass(1_000);
    await other.done;
  });

  test("of outputs that cannot be sent the model is told", async () => {
    const wrong: [number, object] = [413, { error: { message: "Too long.", code: null, param: null } }];
    const { done, given, moments } = scripted({ f: () => "a".repeat(100) }, granted, wrong, [200, {}]);
    await moments.pass(0);
    expect(await done).toBe(true);
    expect(given).toEqual([["a".repeat(100)], ["The output cannot be sent: Too long."]]);
  });
});
