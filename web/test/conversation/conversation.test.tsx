import { act, cleanup, render, screen, waitFor } from "@testing-library/react";
import { createClient, type Follower } from "livethread";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { begin, pendingOf } from "../../src/conversation/begun";
import { addressees } from "../../src/conversation/composer/wording";
import { Conversation } from "../../src/conversation/Conversation";
import { answered, aRun, said } from "./things";

vi.mock("../../src/conversation/composer/wording", async (original) => {
  const real = await original<typeof import("../../src/conversation/composer/wording")>();
  return { ...real, addressees: vi.fn(real.addressees) }; // which the composer asks whenever it is rendered
});

const me = { user_id: "me", name: "Ann" };
const assistants = [
  { id: "asst_1", name: "Ada", model: "one" },
  { id: "asst_2", name: "Bo", model: "two" },
];
const thread = { id: "thread_1", object: "thread", created_at: 1, metadata: {} };

let stream: Follower;

function shown() {
  const client = createClient({
    url: "http://server",
    follow: (_http, _path, to) => {
      stream = to;
      return () => {};
    },
    frame: queueMicrotask,
  });
  const page = { client, threadId: "thread_1", me, assistants, onAssistants: async () => {}, streaming: true };
  return render(<Conversation {...page} />);
}

const take = (type: string, data: object, id = "") => act(async () => stream.take({ type, data: JSON.stringify(data), id }));
const snapshot = (more: object) =>
  take("thread.snapshot", { object: "thread.snapshot", thread, messages: [], has_more: false, runs: [], run_steps: [], people: [], cursor: "1.aaaa", ...more }, "1.aaaa");
const pressed = () => assistants.map(({ name }) => screen.getByRole("button", { name }).getAttribute("aria-pressed"));

beforeEach(() => localStorage.clear());
afterEach(cleanup);

test("a message is for those whom the thread has addressed, which is not known before the thread is", async () => {
  shown();
  expect([pressed(), screen.getByRole("textbox", { name: "Message" }).getAttribute("placeholder")]).toEqual([["false", "false"], "Message"]);
  const question = said("msg_1");
  const run = aRun("run_1", { assistant_id: "asst_2", created_at: question.created_at });
  await snapshot({ messages: [answered("msg_2", "run_1", { assistant_id: "asst_2" }), question], runs: [run] });
  expect(pressed()).toEqual(["false", "true"]);
});

test("an assistant is marked while the last it was asked in the newest turn has failed", async () => {
  shown();
  const at = (message: { created_at: number }) => ({ created_at: message.created_at });
  const [earlier, question] = [said("msg_1"), said("msg_2")];
  const marked = () => screen.queryAllByRole("img", { name: "could not answer" }).map((mark) => mark.closest("button")!.textContent);
  const old = aRun("run_1", { status: "failed", assistant_id: "asst_1", ...at(earlier) });
  const wrong = aRun("run_2", { status: "failed", assistant_id: "asst_2", ...at(question) });
  await snapshot({ messages: [question, earlier], runs: [wrong, old] });
  expect(marked()).toEqual(["Bo"]);
  await take("thread.run.created", aRun("run_3", { status: "queued", assistant_id: "asst_2", ...at(question) }), "2.aaaa");
  await waitFor(() => expect(marked()).toEqual([]));
});

test("text that grows does not render the composer", async () => {
  shown();
  const question = said("msg_1");
  const run = aRun("run_1", { status: "in_progress", created_at: question.created_at });
  const growing = answered("msg_2", "run_1", { status: "in_progress", content: [] });
  await snapshot({ messages: [growing, question], runs: [run] });
  await act(async () => stream.live());
  const grow = async (value: string, whole: string) => {
    const delta = { content: [{ index: 0, type: "text", text: { value } }] };
    await take("thread.message.delta", { id: "msg_2", object: "thread.message.delta", delta });
    await waitFor(() => expect(screen.getAllByRole("article")[1]!.textContent).toContain(whole));
    return vi.mocked(addressees).mock.calls.length;
  };
  const before = await grow("One ", "One");
  await grow("word ", "One word");
  expect(await grow("more", "One word more")).toBe(before);
});

test("a thread that this page has begun shows what it was begun with until it is there", async () => {
  begin("thread_1", pendingOf("The very first", me));
  shown();
  expect(screen.getByRole("article").textContent).toContain("Sending…The very first");
  await snapshot({ messages: [said("msg_1", { content: [{ type: "text", text: { value: "The very first", annotations: [] } }] })] });
  expect(screen.getAllByRole("article").map((article) => article.textContent?.includes("Sending"))).toEqual([false]);
  cleanup();
  shown();
  expect(screen.queryByRole("article")).toBe(null);
});
