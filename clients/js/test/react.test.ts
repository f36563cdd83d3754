// @vitest-environment happy-dom
import { act, cleanup, configure, render, renderHook, waitFor } from "@testing-library/react";
import { createElement, startTransition, StrictMode, Suspense, useState } from "react";
import { hydrateRoot } from "react-dom/client";
import { renderToString } from "react-dom/server";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createClient, type ThreadState } from "../src/index.js";
import { type UsedThread, useThread } from "../src/react.js";
import { type Asked, Desk, message, refusal, snapshot } from "./desk.js";
import { hasty, texts } from "./stage.js";

/** A server whose threads each begin with one message that says which thread it is. */
const talking = (answer?: (asked: Asked) => Response) =>
  new Desk(answer, (path) => {
    const id = path.split("/")[2]!;
    return id === "events" ? ":\n" : snapshot(id, [message(id, `${id}_1`, `This is ${id}`)]);
  });

const shows = (result: { current: UsedThread }, ...said: string[]) =>
  waitFor(() => expect(texts(result.current.messages)).toEqual(said));

configure({ asyncUtilTimeout: 15_000 });

const complaints = vi.spyOn(console, "error");
afterEach(() => {
  cleanup();
  expect(complaints.mock.calls).toEqual([]);
  complaints.mockClear();
});

describe("useThread", () => {
  test("renders the thread as it is and as it becomes", async () => {
    const desk = talking();
    const { result } = renderHook(() => useThread("thread_a", desk.options));
    expect(result.current).toMatchObject({ thread: null, messages: [], status: "connecting", activeRuns: [] });
    await shows(result, "This is thread_a");
    expect(result.current).toMatchObject({ thread: { id: "thread_a" }, status: "live", error: null });
    const before = result.current.messages;
    desk.say("/threads/thread_a/events", "thread.message.created", message("thread_a", "msg_2", "木 🌳"), "2.a");
    await shows(result, "木 🌳", "This is thread_a");
    expect(result.current.messages[1]).toBe(before[0]);
  });

  test("in strict mode has one connection, and none once it is unmounted", async () => {
    const desk = talking();
    const options = { ...desk.options, after: hasty };
    const { result, unmount } = renderHook(() => useThread("thread_a", options), { reactStrictMode: true });
    await shows(result, "This is thread_a");
    expect([desk.opened, desk.standing]).toEqual([["/threads/thread_a/events"], 1]);
    unmount();
    await waitFor(() => expect(desk.standing).toBe(0));
  });

  test("mounted again at once goes on with its connection", async () => {
    const desk = talking();
    const first = renderHook(() => useThread("thread_a", desk.options));
    await shows(first.result, "This is thread_a");
    first.unmount();
    const states: ThreadState[] = [];
    renderHook(() => states.push(useThread("thread_a", desk.options)));
    expect(states[0]).toMatchObject({ status: "live", messages: [{ id: "thread_a_1" }] });
    expect(desk.opened).toHaveLength(1);
  });

  test("unmounted before the thread is there leaves nothing behind", async () => {
    const desk = talking();
    const { unmount } = renderHook(() => useThread("thread_a", { ...desk.options, after: hasty }));
    unmount();
    await waitFor(() => expect([desk.opened.length, desk.standing]).toEqual([1, 0]));
  });

  test("never shows the messages of one thread as those of another", async () => {
    const desk = talking();
    const seen: string[] = [];
    const { result, rerender } = renderHook(
      ({ id }: { id: string | null }) => {
        const used = useThread(id, desk.options);
        seen.push(...used.messages.map(({ thread_id }) => `${thread_id} in ${id}`));
        return used;
      },
      { initialProps: { id: "thread_a" as string | null } },
    );
    await shows(result, "This is thread_a");
    rerender({ id: "thread_b" });
    expect(result.current).toMatchObject({ messages: [], status: "connecting" });
    await shows(result, "This is thread_b");
    rerender({ id: null });
    await shows(result);
    rerender({ id: "thread_a" });
    expect(texts(result.current.messages)).toEqual(["This is thread_a"]); // its connection was still there
    expect(new Set(seen)).toEqual(new Set(["thread_a in thread_a", "thread_b in thread_b"]));
  });

  test.each([null, undefined, ""])("without a thread (%j) loads nothing, and its calls say so", async (id) => {
    const desk = talking();
    const { result } = renderHook(() => useThread(id, desk.options));
    expect(result.current).toMatchObject({ thread: null, messages: [], status: "connecting", error: null });
    await expect(result.current.addMessage("Hello")).rejects.toThrow("No thread is chosen: give useThread the id of one");
    await expect(result.current.retry()).rejects.toThrow("No thread is chosen");
    expect([desk.opened, desk.asked]).toEqual([[], []]);
  });

  test("with options that are written inline makes one client, and another once they say something else", async () => {
    const desk = talking();
    const { result, rerender } = renderHook(
      ({ name }) => useThread("thread_a", { url: desk.url, name, page: window, fetch: (...request) => desk.fetch(...request) }),
      { initialProps: { name: "Ann" } },
    );
    await shows(result, "This is thread_a");
    const { addMessage, retry } = result.current;
    for (let n = 0; n < 5; n++) rerender({ name: "Ann" });
    expect([result.current.addMessage, result.current.retry]).toEqual([addMessage, retry]);
    expect(desk.opened).toHaveLength(1);
    rerender({ name: "Bob" });
    await shows(result, "This is thread_a");
    expect(desk.opened.map((path) => path.split("?")[1])).toEqual(["name=Ann&user_id=Ann", "name=Bob&user_id=Bob"]);
  });

  test("takes a client of the page's own", async () => {
    const desk = talking();
    const client = createClient(desk.options);
    const { result } = renderHook(() => useThread("thread_a", { client }));
    await shows(result, "This is thread_a");
    expect(client.thread("thread_a").getSnapshot().messages).toBe(result.current.messages);
  });

  test("shares a thread among components that say the same", async () => {
    const desk = talking();
    const { result } = renderHook(() => [
      useThread("thread_a", { ...desk.options, name: "Ann", limit: 5 }),
      useThread("thread_a", { limit: 5, name: "Ann", userId: undefined, ...desk.options } as object),
    ]);
    await waitFor(() => expect(result.current[0]!.status).toBe("live"));
    expect(result.current[1]).toEqual(result.current[0]);
    expect(result.current[1]!.messages).toBe(result.current[0]!.messages);
    expect(desk.opened).toHaveLength(1);
  });

  test("renders once a frame, and not where nothing has changed", async () => {
    const desk = talking();
    const frames: (() => void)[] = [];
    const client = createClient({ ...desk.options, frame: (run) => void frames.push(run) });
    const paint = () => act(async () => frames.splice(0).forEach((run) => run()));
    let renders = 0;
    const { result } = renderHook(() => {
      renders++;
      return useThread("thread_a", { client });
    });
    await expect.poll(() => client.thread("thread_a").getSnapshot().status).toBe("live");
    await paint();
    await act(async () => {});
    const stream = "/threads/thread_a/events";
    const growing = message("thread_a", "msg_2", "", { status: "in_progress", role: "assistant" });
    desk.say(stream, "thread.message.created", growing, "2.a");
    renders = 0;
    for (let n = 0; n < 50; n++)
      desk.say(stream, "thread.message.delta", {
        id: "msg_2", delta: { content: [{ index: 0, type: "text", text: { value: "🌳", annotations: [] } }] },
      });
    await expect.poll(() => texts(client.thread("thread_a").getSnapshot().messages)[0]).toBe("🌳".repeat(50));
    expect(renders).toBe(0);
    await paint();
    expect([renders, texts(result.current.messages)[0]]).toEqual([1, "🌳".repeat(50)]);
    desk.say(stream, "thread.unknown", {}, "3.a");
    await act(async () => new Promise((resolve) => setTimeout(resolve, 20)));
    await paint();
    expect(renders).toBe(1);
  });

  test("says which runs are active", async () => {
    const run = (id: string, status: string) => ({ id, object: "thread.run", status });
    const runs = [run("run_3", "queued"), run("run_2", "requires_action"), run("run_1", "failed")];
    const desk = new Desk(undefined, () => snapshot("thread_a", [], { runs }));
    const { result, rerender } = renderHook(() => useThread("thread_a", desk.options));
    await waitFor(() => expect(result.current.runs).toHaveLength(3));
    const active = result.current.activeRuns;
    expect(active.map(({ id }) => id)).toEqual(["run_3", "run_2"]);
    rerender();
    expect(result.current.activeRuns).toBe(active);
  });
});

describe("rendering", () => {
  const Thread = ({ desk, id }: { desk: Desk; id: string }) => {
    const { messages, status } = useThread(id, desk.options);
    return createElement("p", null, `${status}: ${texts(messages).join(", ")}`);
  };

  test("on a server gives what nobody knows anything of yet, and hydrates to what there is without a complaint", async () => {
    const desk = talking();
    const other = renderHook(() => useThread("thread_a", desk.options)); // the page knows the thread before it hydrates
    await shows(other.result, "This is thread_a");
    const page = createElement(StrictMode, null, createElement(Thread, { desk, id: "thread_a" }));
    const html = renderToString(page);
    expect(html).toBe("<p>connecting: </p>");
    const container = document.createElement("div");
    container.innerHTML = html;
    const recovered: unknown[] = [];
    const root = await act(async () => hydrateRoot(container, page, { onRecoverableError: (error) => recovered.push(error) }));
    await waitFor(() => expect(container.textContent).toBe("live: This is thread_a"));
    expect(recovered).toEqual([]);
    await act(async () => root.unmount());
  });

  test("that is put off and given up never tears, and leaves no connection", async () => {
    const desk = talking();
    const options = { ...desk.options, after: hasty };
    let choose!: (id: string) => void;
    const never = new Promise(() => {});
    const Both = () => {
      const [id, set] = useState("thread_a");
      choose = set;
      const texts = [useThread(id, options), useThread(id, options)].map(({ messages }) => messages[0]?.id);
      if (id === "thread_b") throw never;
      return createElement("p", null, texts.join(" "));
    };
    const { container, unmount } = render(createElement(Suspense, { fallback: "…" }, createElement(Both)));
    await waitFor(() => expect(container.textContent).toBe("thread_a_1 thread_a_1"));
    await act(async () => startTransition(() => choose("thread_b")));
    expect(container.textContent).toBe("thread_a_1 thread_a_1");
    await act(async () => desk.say("/threads/thread_a/events", "thread.message.created", message("thread_a", "new", "!"), "2.a"));
    await waitFor(() => expect(container.textContent).toBe("new new"));
    unmount();
    await waitFor(() => expect([desk.opened, desk.standing]).toEqual([["/threads/thread_a/events"], 0]));
  });
});

describe("retry", () => {
  test("repeats the call that failed last as the same call, until it has succeeded", async () => {
    const desk = talking(({ path, body }) => Response.json(message("thread_a", `new_${path}`, body?.content ?? "")));
    const { result } = renderHook(() => useThread("thread_a", { ...desk.options, after: hasty }));
    await shows(result, "This is thread_a");
    desk.instead.push(refusal(400), refusal(400));
    await act(async () => expect(result.current.addMessage("木")).rejects.toMatchObject({ status: 400 }));
    await waitFor(() => expect(result.current.error).toMatchObject({ status: 400 }));
    expect(texts(result.current.messages)).toEqual(["This is thread_a"]);
    await act(async () => expect(result.current.retry()).rejects.toMatchObject({ status: 400 }));
    await act(async () => result.current.retry());
    await shows(result, "木", "This is thread_a");
    expect(result.current.error).toBe(null);
    const [first, ...others] = desk.asked;
    expect(others).toEqual([first, first]);
    await act(async () => result.current.retry());
    expect(desk.asked).toHaveLength(3);
  });

  test("is still of the call that failed after others have gone well", async () => {
    const desk = talking(({ path, body }) => Response.json(message("thread_a", `new_${path}`, body?.content ?? "")));
    const { result } = renderHook(() => useThread("thread_a", { ...desk.options, after: hasty }));
    await shows(result, "This is thread_a");
    desk.instead.push(refusal(400));
    await act(async () => expect(result.current.addMessage("木")).rejects.toMatchObject({ status: 400 }));
    await act(async () => void (await result.current.stop()));
    await act(async () => result.current.retry());
    const [first, , again] = desk.asked;
    expect(again).toEqual(first);
    await shows(result, "木", "This is thread_a");
  });

  test("of what nobody waited for is possible, too: the state has the error, and nothing is unhandled", async () => {
    const desk = talking(({ path }) => Response.json(message("thread_a", `new_${path}`, "木")));
    const { result } = renderHook(() => useThread("thread_a", { ...desk.options, after: hasty }));
    await shows(result, "This is thread_a");
    desk.instead.push(refusal(400), refusal(400));
    act(() => void result.current.addMessage("木"));
    await waitFor(() => expect(result.current.error).toMatchObject({ status: 400 }));
    const { error } = result.current;
    act(() => void result.current.retry());
    await waitFor(() => expect(result.current.error).not.toBe(error));
    await act(async () => result.current.retry());
    await shows(result, "木", "This is thread_a");
  });

  test("loads a thread that was refused", async () => {
    const desk = talking();
    let forbidden = true;
    const sometimes: typeof fetch = (...request) =>
      forbidden ? Promise.resolve(refusal(403)) : desk.fetch(...request);
    const { result } = renderHook(() => useThread("thread_a", { ...desk.options, fetch: sometimes }));
    await waitFor(() => expect(result.current).toMatchObject({ status: "offline", error: { status: 403 } }));
    await act(async () => expect(result.current.retry()).rejects.toMatchObject({ status: 403 }));
    forbidden = false;
    await act(async () => result.current.retry());
    await shows(result, "This is thread_a");
    expect(result.current).toMatchObject({ status: "live", error: null });
  });
});
