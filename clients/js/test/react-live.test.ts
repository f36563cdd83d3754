// @vitest-environment happy-dom
/** The hooks with the real server. */

import { act, cleanup, configure, renderHook, waitFor } from "@testing-library/react";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { Unreachable } from "../src/index.js";
import { useThread, useThreads } from "../src/react.js";
import { Server } from "./server.js";
import { hasty, texts } from "./stage.js";

configure({ asyncUtilTimeout: 15_000 });

const complaints = vi.spyOn(console, "error");
afterEach(() => {
  cleanup();
  expect(complaints.mock.calls).toEqual([]);
  complaints.mockClear();
});

let server: Server;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(() => server.close());

const begin = async () => (await server.call("POST", "/threads", {})).id;
const says = (text: string) => ({ turns: [[{ text }]] });

test("the list moves when something is said, and its threads are renamed", async () => {
  const options = { after: hasty, url: server.url };
  const { result } = renderHook(() => useThreads(options));
  await waitFor(() => expect(result.current.status).toBe("live"));
  const id = await begin();
  await waitFor(() => expect(result.current.threads.map((thread) => thread.id)).toEqual([id]));
  await act(async () => result.current.rename(id, "Trees"));
  await waitFor(() => expect(result.current.threads[0]!.title).toBe("Trees"));
  await result.current.more();
  expect(result.current.has_more).toBe(false);
});

test("every function does what its namesake does", async () => {
  const id = await begin();
  const [one, other] = [await server.player(says("One")), await server.player(says("Other"))];
  const asks = await server.player(
    { turns: [[{ tool_calls: [{ name: "look", arguments: {} }] }], [{ text: "Seen" }]] }, "look",
  );
  const { result } = renderHook(() => useThread(id, { after: hasty, url: server.url, name: "Ann" }));
  const act_ = async <T>(doing: () => Promise<T>) => act(doing) as Promise<T>;
  expect(await act_(() => result.current.addMessage("Hello"))).toMatchObject({ metadata: { name: "Ann" } });
  expect(await act_(() => result.current.run(one))).toMatchObject({ status: "completed", assistant_id: one });
  expect(await act_(() => result.current.addMessageAndRun("Again", other))).toMatchObject({ assistant_id: other });
  expect(await act_(() => result.current.addMessageAndRuns("Both", [one, other]))).toHaveLength(2);
  const waiting = await act_(() => result.current.run(asks));
  const tool_call_id = waiting.required_action!.submit_tool_outputs.tool_calls[0]!.id;
  const done = await act_(() => result.current.submitToolOutputs(waiting.id, [{ tool_call_id, output: "4" }]));
  expect(done.status).toBe("completed");
  await waitFor(() => expect(result.current.people).toMatchObject([{ name: "Ann", typing: false }]));
  await act_(() => result.current.typing());
  await waitFor(() => expect(result.current.people).toMatchObject([{ name: "Ann", typing: true }]));
  expect(await act_(() => result.current.stop())).toEqual([]);
  expect(await act_(() => result.current.older())).toBe(false);
  await waitFor(async () => expect(result.current.messages).toEqual(await server.messages(id)));
});

test("of functions that are written inline the newest answer, and none once the component is gone", async () => {
  const id = await begin();
  const asks = await server.player({ turns: [[{ tool_calls: [{ name: "which", arguments: {} }] }], [{ text: "Done" }]] }, "which");
  const { result, rerender, unmount } = renderHook(
    ({ n }) => useThread(id, { after: hasty, url: server.url, tools: n ? { which: () => `number ${n}` } : {} }),
    { initialProps: { n: 0 }, reactStrictMode: true },
  );
  const { run } = result.current;
  expect((await act(async () => run(asks))).status).toBe("requires_action");
  rerender({ n: 1 }); // it has waited for this
  await waitFor(() => expect(result.current.runs[0]!.status).toBe("completed"));
  rerender({ n: 2 });
  await act(async () => run(asks));
  const outputs = () =>
    result.current.run_steps.map(({ step_details }) =>
      step_details.type === "tool_calls" ? step_details.tool_calls[0]!.function.output : null,
    );
  await waitFor(() => expect(outputs().filter(Boolean)).toEqual(["number 1", "number 2"]));
  unmount();
  expect(await run(asks)).toMatchObject({ status: "requires_action" });
});

test("a run that has failed is tried again with its assistant", async () => {
  const id = await begin();
  const fails = await server.player({ turns: [[{ error: { status: 400, message: "Broken" } }]] });
  const { result } = renderHook(() => useThread(id, { after: hasty, url: server.url }));
  const failed = await act(async () => result.current.addMessageAndRun("Hello", fails));
  expect(failed.status).toBe("failed");
  await act(async () => result.current.retry(failed));
  await waitFor(() => expect(result.current.runs.map(({ assistant_id }) => assistant_id)).toEqual([fails, fails]));
  expect(texts(result.current.messages)).toEqual(["Hello"]);
});

test("a message whose answer is lost is not there twice when it is tried again, from another component", async () => {
  const id = await begin();
  let lossy = true;
  const losing: typeof fetch = async (...request) => {
    const answer = await fetch(...request);
    if (!lossy || request[1]?.method !== "POST") return answer;
    throw new TypeError("The line went dead.");
  };
  const options = { url: server.url, fetch: losing, after: hasty };
  const { result } = renderHook(() => ({ writer: useThread(id, options), reader: useThread(id, options) }));
  await waitFor(() => expect(result.current.reader.status).toBe("live"));
  await act(async () => expect(result.current.writer.addMessage("Once")).rejects.toThrow(Unreachable));
  await waitFor(() => expect(result.current.reader.error).toBeInstanceOf(Unreachable));
  lossy = false;
  await act(async () => result.current.reader.retry());
  await waitFor(() => expect(result.current.reader.error).toBe(null));
  expect(texts(await server.messages(id))).toEqual(["Once"]);
  await waitFor(() => expect(texts(result.current.reader.messages)).toEqual(["Once"]));
  await act(async () => result.current.reader.retry()); // nothing is left to be tried again
  expect(texts(await server.messages(id))).toEqual(["Once"]);
});
