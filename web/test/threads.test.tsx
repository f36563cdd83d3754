import { act, cleanup, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { type Client, createClient } from "livethread";
import type { ListedThread, ListState } from "livethread/list";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { shownAt } from "../src/app/news";
import { starter } from "../src/app/start";
import { Threads } from "../src/app/Threads";
import { useAssistants } from "../src/app/useAssistants";
import { chosenIn } from "../src/conversation/composer/kept";

const me = { user_id: "me", name: "Ann" };
const NOW = Math.floor(Date.now() / 1000);

let seen: ((entries: { isIntersecting: boolean }[]) => void)[] = [];

beforeEach(() => {
  seen = [];
  HTMLElement.prototype.hidePopover = () => {}; // which happy-dom has not: what it hides can be pressed all the same
  vi.stubGlobal(
    "IntersectionObserver",
    class {
      constructor(callback: (typeof seen)[number]) {
        seen.push(callback);
      }
      observe() {}
      disconnect() {}
    },
  );
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  history.replaceState(null, "", location.pathname);
});

const author = { role: "user" as const, assistant_id: null, name: null, user_id: null };
const thread = (id: string, rest: Partial<ListedThread> = {}): ListedThread => ({
  id,
  object: "thread",
  created_at: NOW,
  metadata: {},
  title: `Title of ${id}`,
  last_message: { text: "What is\na thread?", author: { ...author, user_id: "me", name: "Ann" }, created_at: NOW },
  active_at: NOW - 120,
  ...rest,
});

interface Asked {
  method: string;
  path: string;
  body?: unknown;
}

/** A client of a server that answers as it is told to: a number is a refusal, and nothing is nobody. */
function clientOf(answers: Record<string, unknown>): { client: Client; asked: Asked[]; keys: string[] } {
  const asked: Asked[] = [];
  const keys: string[] = [];
  const client = createClient({
    url: "http://server",
    after: (ms, act) => {
      const timer = setTimeout(act, Math.min(ms, ms > 10_000 ? ms : 0)); // patience stays, pauses go
      return () => clearTimeout(timer);
    },
    fetch: async (url, init) => {
      const { method = "GET", body } = init ?? {};
      const path = `${url}`.replace("http://server/v1", "");
      asked.push({ method, path, ...(body ? { body: JSON.parse(`${body}`) } : {}) });
      const key = new Headers(init?.headers).get("Idempotency-Key");
      if (key) keys.push(key);
      const answer = answers[`${method} ${path}`];
      if (answer === undefined) throw new TypeError("nobody there");
      return typeof answer === "number"
        ? Response.json({ error: { message: "Not so.", param: null, code: null } }, { status: answer })
        : Response.json(answer);
    },
  });
  return { client, asked, keys };
}

function show(state: Partial<ListState>, rest: Partial<Parameters<typeof Threads>[0]> = {}) {
  const told: string[] = [];
  const more = vi.fn(async () => {});
  const rename = vi.fn(async () => {});
  const onOpen = vi.fn();
  const list = (state: Partial<ListState>) => ({ threads: [], has_more: false, status: "live" as const, error: null, more, rename, ...state });
  const props = { client: clientOf({}).client, assistants: [], me, current: null, title: null, onOpen, ...rest };
  const page = (state: Partial<ListState>) => <Threads {...props} list={list(state)} onTell={(sentence) => told.push(sentence)} />;
  const view = render(page(state));
  return { more, rename, onOpen, told, rerender: (state: Partial<ListState>) => view.rerender(page(state)) };
}

const texts = () => screen.getAllByRole("link").map((link) => [...link.children].map((part) => part.textContent));

test("a thread shows its title, when something was said last, by whom, and what", () => {
  const assistants = [{ id: "asst_1", name: "Guide", description: null, model: "builtin/guide" }];
  const guide = { role: "assistant", assistant_id: "asst_1" };
  const said = (by: object, text: string) => ({ text, author: { ...author, ...by }, created_at: NOW });
  const marked = "## Hi!\n\n- **see** *that* [page](https://example.org) of `snake__case`, and **what";
  show(
    {
      threads: [
        thread("thread_1"),
        thread("thread_2", { last_message: said({ user_id: "ben", name: "Ben" }, "2*3*4\n- a"), active_at: NOW - 7200 }),
        thread("thread_3", { last_message: said(guide, marked) }),
        thread("thread_4", { last_message: said({ role: "assistant", assistant_id: "asst_2" }, "An answer") }),
        thread("thread_5", { last_message: said({}, "nobody's") }),
        thread("thread_6", { title: null, last_message: null, active_at: NOW }),
        thread("thread_7", { last_message: said(guide, "") }),
      ],
    },
    { assistants, current: "thread_2" },
  );
  expect(texts()).toEqual([
    ["Title of thread_1", "2m", "You: What is a thread?"],
    ["Title of thread_2", "2h", "Ben: 2*3*4 - a"],
    ["Title of thread_3", "2m", "Guide: Hi! see that page of snake__case, and what"],
    ["Title of thread_4", "2m", "Assistant: An answer"],
    ["Title of thread_5", "2m", "nobody's"],
    ["New thread", "now", "No messages yet"],
    ["Title of thread_7", "2m", "Guide: a message without text"],
  ]);
  expect(screen.getAllByRole("link").map((link) => link.getAttribute("aria-current"))).toEqual([
    null,
    "page",
    null,
    null,
    null,
    null,
    null,
  ]);
});

test("a thread that the list has not heard of in full is called as the page itself calls it", () => {
  const threads = ["thread_1", "thread_2"].map((id) => thread(id, { title: null, last_message: null }));
  show({ threads }, { current: "thread_2", title: "Hello there" });
  expect(texts()).toEqual([
    ["New thread", "2m", "No messages yet"],
    ["Hello there", "2m", "…"],
  ]);
});

test("a thread is opened in place, and in a tab of its own by whoever asks for one", async () => {
  const { onOpen } = show({ threads: [thread("thread_1")] });
  const link = screen.getByRole("link");
  expect(link.getAttribute("href")).toBe("#thread_1");
  await userEvent.click(link);
  const keys = userEvent.setup();
  await keys.keyboard("{Control>}");
  await keys.click(link);
  expect(onOpen.mock.calls).toEqual([["thread_1"]]);
});

test("a thread is renamed where it stands", async () => {
  const { rename } = show({ threads: [thread("thread_1")] });
  await userEvent.click(screen.getByRole("menuitem", { name: "Rename", hidden: true }));
  const field = screen.getByRole("textbox", { name: "Title" });
  await userEvent.clear(field);
  await userEvent.type(field, "Plans{Enter}");
  expect(rename.mock.calls).toEqual([["thread_1", "Plans"]]);
  expect(document.activeElement).toBe(screen.getByRole("link"));
});

test("the options of a thread stay as they are while it moves in the list", () => {
  const threads = ["thread_1", "thread_2"].map((id) => thread(id));
  const { rerender } = show({ threads });
  const options = screen.getAllByRole("menu", { hidden: true });
  const moved = new MutationObserver(() => {});
  moved.observe(document, { childList: true, subtree: true });
  rerender({ threads: [...threads].reverse() });
  const out = moved.takeRecords().flatMap(({ removedNodes }) => [...removedNodes]);
  expect(screen.getAllByRole("link").map((link) => link.getAttribute("href"))).toEqual(["#thread_2", "#thread_1"]);
  expect([out.length > 0, options.filter((menu) => out.some((node) => node.contains(menu)))]).toEqual([true, []]);
});

test("a thread is deleted only once that was confirmed, and then the page leaves it", async () => {
  const { client, asked } = clientOf({ "DELETE /threads/thread_1": { id: "thread_1", deleted: true } });
  history.replaceState(null, "", "#thread_1");
  const { told } = show({ threads: [thread("thread_1")] }, { client, current: "thread_1" });
  const ask = () => userEvent.click(screen.getByRole("menuitem", { name: "Delete", hidden: true }));
  await ask();
  const dialog = screen.getByRole("dialog", { name: "Delete this thread?" });
  await userEvent.click(within(dialog).getByRole("button", { name: "Cancel" }));
  expect([asked, location.hash]).toEqual([[], "#thread_1"]);
  chosenIn("thread_1").set([]);
  await ask();
  await userEvent.click(screen.getByRole("button", { name: "Delete" }));
  expect(asked).toEqual([{ method: "DELETE", path: "/threads/thread_1" }]);
  expect([location.hash, told, localStorage.getItem("livethread.assistants.thread_1")]).toEqual(["", ["The thread is deleted."], null]);
});

test("the focus goes to the thread beside one that is deleted", async () => {
  const { client } = clientOf({ "DELETE /threads/thread_2": { id: "thread_2", deleted: true } });
  show({ threads: ["thread_1", "thread_2", "thread_3"].map((id) => thread(id)) }, { client, current: "thread_1" });
  await userEvent.click(screen.getAllByRole("menuitem", { name: "Delete", hidden: true })[1]!);
  await userEvent.click(screen.getByRole("button", { name: "Delete" }));
  expect(document.activeElement!.getAttribute("href")).toBe("#thread_3");
});

test("of many threads a filter leaves those with its words in their titles or last messages, and Escape takes it away", async () => {
  const ten = Array.from({ length: 10 }, (_, index) => thread(`thread_${index}`));
  const tides = thread("tides", { last_message: { text: "High and *low* water", author: { ...author, role: "assistant" }, created_at: NOW } });
  show({ threads: ten });
  expect(screen.queryByRole("searchbox")).toBe(null);
  cleanup();
  show({ threads: [...ten, tides], has_more: true });
  const field = screen.getByRole("searchbox", { name: "Filter threads" });
  const found = () => [screen.getByRole("status").textContent, screen.queryAllByRole("link").map((link) => link.getAttribute("href"))];
  await userEvent.type(field, "water LOW");
  expect(found()).toEqual(["1 of the newest 11 threads", ["#tides"]]);
  await userEvent.type(field, "s");
  expect(found()).toEqual(["None of the newest 11 threads", []]);
  await userEvent.keyboard("{Escape}");
  expect(found()).toEqual(["", [...ten, tides].map(({ id }) => `#${id}`)]);
});

test("the open thread comes into view when the filter goes, and not before", async () => {
  const seen = vi.fn();
  HTMLElement.prototype.scrollIntoView = function (this: HTMLElement) {
    seen(this.getAttribute("href"));
  };
  show({ threads: Array.from({ length: 20 }, (_, index) => thread(`thread_${index}`)) }, { current: "thread_17" });
  await userEvent.type(screen.getByRole("searchbox"), "3");
  expect(seen.mock.calls).toEqual([]);
  await userEvent.keyboard("{Escape}");
  expect(seen.mock.calls).toEqual([["#thread_17"]]);
});

test("an open thread to which the list has not come stands above it, as the page calls it", async () => {
  const links = () => screen.getAllByRole("link").map((link) => [link.getAttribute("href"), link.textContent, link.getAttribute("aria-current")]);
  const listed = ["#thread_1", "Title of thread_12mYou: What is a thread?", null];
  const { rerender, onOpen } = show({ threads: [thread("thread_1")], has_more: true }, { current: "old", title: "Long ago" });
  expect(links()).toEqual([["#old", "Long ago", "page"], listed]);
  await userEvent.click(screen.getByRole("link", { name: "Long ago" }));
  expect(onOpen.mock.calls).toEqual([["old"]]);
  rerender({ threads: [thread("thread_1"), thread("old", { title: "Long ago", last_message: null })], has_more: true });
  expect(links()).toEqual([listed, ["#old", "Long ago2m…", "page"]]);
  cleanup();
  show({ threads: [thread("thread_1")], has_more: true }, { current: "gone", title: null });
  expect(links()).toEqual([listed]);
});

test("threads in which something was said since they were shown here have a mark, until they are shown again", () => {
  shownAt.set(new Map([["thread_1", NOW], ["thread_2", NOW], ["thread_3", NOW]]));
  const later = (id: string, user_id: string) =>
    thread(id, { active_at: NOW + 60, last_message: { text: "Well", author: { ...author, user_id }, created_at: NOW } });
  const threads = [later("thread_1", "ben"), later("thread_2", "ben"), later("thread_3", "me"), later("thread_4", "ben")];
  show({ threads }, { current: "thread_2" });
  const marked = () => screen.getAllByRole("link").map((link) => within(link).queryByRole("img", { name: "New:" }) !== null);
  expect(marked()).toEqual([true, false, false, false]);
  expect([...shownAt.get()]).toEqual([["thread_1", NOW], ["thread_3", NOW], ["thread_2", NOW + 60]]);
  cleanup();
  show({ threads }, { current: "thread_1" });
  expect(marked()).toEqual([false, false, false, false]);
  shownAt.set(new Map());
});

test("why a thread is not deleted stands in the question", async () => {
  const { client } = clientOf({ "DELETE /threads/thread_1": 403 });
  show({ threads: [thread("thread_1")] }, { client });
  await userEvent.click(screen.getByRole("menuitem", { name: "Delete", hidden: true }));
  await userEvent.click(screen.getByRole("button", { name: "Delete" }));
  expect((await screen.findByRole("alert")).textContent).toBe("Not so.");
});

test("more threads come when the end of the list is in sight, or at a press", async () => {
  const { more } = show({ threads: [thread("thread_1")], has_more: true });
  act(() => seen.at(-1)!([{ isIntersecting: false }]));
  expect(more.mock.calls.length).toBe(0);
  act(() => seen.at(-1)!([{ isIntersecting: true }]));
  await userEvent.click(screen.getByRole("button", { name: "Show more threads" }));
  expect(more.mock.calls.length).toBe(2);
});

test.each([
  [{ status: "live" as const }, "No threads yet. One begins with your first message."],
  [{ status: "connecting" as const }, "Looking for threads…"],
  [{ status: "reconnecting" as const, error: new Error("Nobody answers.") }, "Nobody answers."],
])("where no thread is shown it is said why: %j", (state, sentence) => {
  show(state);
  screen.getByText(sentence);
});

const message = { role: "user", content: "Hello", metadata: { name: "Ann", user_id: "me" } };

test("a thread that nobody shall answer in is made with its message", async () => {
  const { client, asked } = clientOf({ "POST /threads": { id: "thread_1" } });
  expect(await starter(client, me)("Hello", [], "k")).toBe("thread_1");
  expect(asked).toEqual([{ method: "POST", path: "/threads", body: { messages: [message] } }]);
});

test("a thread that assistants shall answer in begins with a turn", async () => {
  const { client, asked } = clientOf({ "POST /threads": { id: "thread_1" }, "POST /threads/thread_1/turns": {} });
  expect(await starter(client, me)("Hello", ["asst_1", "asst_2"], "k")).toBe("thread_1");
  expect(asked).toEqual([
    { method: "POST", path: "/threads", body: {} },
    { method: "POST", path: "/threads/thread_1/turns", body: { message, assistants: ["asst_1", "asst_2"] } },
  ]);
});

test("a first message that is refused leaves no empty thread behind, and is another one when it is sent again", async () => {
  const { client, asked, keys } = clientOf({
    "POST /threads": { id: "thread_1" },
    "POST /threads/thread_1/turns": 400,
    "DELETE /threads/thread_1": { deleted: true },
  });
  const start = starter(client, me);
  await expect(start("Hello", ["asst_1"], "k")).rejects.toThrow("Not so.");
  expect(asked.at(-1)).toEqual({ method: "DELETE", path: "/threads/thread_1" });
  await expect(start("Hello", ["asst_1"], "k")).rejects.toThrow("Not so.");
  expect(new Set(keys).size).toBe(4);
});

test("a first message that nobody has answered is sent again as the same one", async () => {
  const { client, keys } = clientOf({ "POST /threads": { id: "thread_1" } }); // and nothing for the turn
  const start = starter(client, me);
  await expect(start("Hello", ["asst_1"], "k")).rejects.toThrow("does not answer");
  await expect(start("Hello", ["asst_1"], "k")).rejects.toThrow("does not answer");
  const once = keys.slice(0, keys.length / 2);
  expect([keys.slice(keys.length / 2), new Set(keys).size]).toEqual([once, 2]);
});

test("all assistants are read, page by page, as soon as the server is there, and kept as they are", async () => {
  const { client, asked } = clientOf({
    "GET /assistants?limit=100&order=asc": { data: [{ id: "asst_1" }], has_more: true, last_id: "asst_1" },
    "GET /assistants?limit=100&order=asc&after=asst_1": { data: [{ id: "asst_2" }], has_more: false, last_id: "asst_2" },
  });
  const shown: unknown[] = [];
  let reload: () => Promise<void>;
  const Used = ({ live }: { live: boolean }) => {
    const used = useAssistants(client, live);
    shown.push(used.assistants);
    reload = used.reload;
    return null;
  };
  const { rerender } = render(<Used live={false} />);
  expect([asked, shown.at(-1)]).toEqual([[], null]);
  rerender(<Used live />);
  await vi.waitFor(() => expect(shown.at(-1)).toEqual([{ id: "asst_1" }, { id: "asst_2" }]));
  const before = shown.at(-1);
  await act(() => reload());
  expect(asked.length).toBe(4);
  expect(shown.at(-1)).toBe(before);
});
