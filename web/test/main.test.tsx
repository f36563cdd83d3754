import { act, cleanup, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { ApiError, type Client, createClient } from "livethread";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { useAddress } from "../src/app/address";
import { App } from "../src/app/App";
import { apiKey, streaming, theme, wear } from "../src/app/choices";
import { Main } from "../src/app/Main";
import { person } from "../src/app/person";
import type { ThreadFacts } from "../src/app/useThreadFacts";
import { deskOf } from "../src/conversation/composer/desk";
import { chosenIn, draftIn, NEW } from "../src/conversation/composer/kept";

const me = { user_id: "me", name: "Ann" };
const guide = { id: "asst_1", name: "Guide", description: null, model: "builtin/guide" };

interface Asked {
  method: string;
  path: string;
  token: string | null;
}

let asked: Asked[] = [];

/** A server with a key, which has one thread to show, and whose streams stay open. */
function serve(key: string): void {
  asked = [];
  vi.stubGlobal("fetch", async (url: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    const path = new URL(url).pathname.replace(/^.*\/v1/, "");
    const token = headers.get("Authorization")?.replace("Bearer ", "") ?? null;
    asked.push({ method: init.method ?? "GET", path, token });
    if (key && token !== key) return refused(401, "Incorrect API key provided.");
    if (path === "/threads/thread_1/events") return refused(404, "No thread found with id 'thread_1'.");
    if (path.endsWith("/events")) return stream(init.signal);
    if (path === "/assistants" && init.method === "POST") return Response.json(guide);
    return Response.json({ data: path === "/assistants" ? [guide] : [], has_more: false, last_id: null });
  });
}

const refused = (status: number, message: string) =>
  Response.json({ error: { message, param: null, code: null } }, { status });

function stream(signal: AbortSignal | null | undefined): Response {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(": hello\n\n"));
      signal?.addEventListener("abort", () => controller.error(signal.reason), { once: true });
    },
  });
  return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
}

beforeEach(() => {
  vi.stubGlobal("IntersectionObserver", class { observe() {} disconnect() {} });
  history.replaceState(null, "", location.pathname);
  person.set(null);
  apiKey.set("");
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const facts = (rest: Partial<ThreadFacts>): ThreadFacts => ({
  known: false,
  deleted: false,
  title: null,
  people: [],
  status: "offline",
  error: null,
  refusal: null,
  answer: null,
  ...rest,
});

test.each([
  [facts({ deleted: true }), "This thread is no longer here", "It was deleted, or this server does not have it."],
  [
    facts({ refusal: new ApiError("No thread found with id 'thread_1'.", 404) }),
    "There is no such thread",
    "It may have been deleted, or its address is not whole. The server says: No thread found with id 'thread_1'.",
  ],
  [facts({ refusal: new ApiError("It is not yours.", 403) }), "This thread cannot be shown", "It is not yours."],
])("a thread that cannot be shown says why, and leads on", async (these, title, text) => {
  serve("");
  history.replaceState(null, "", "#thread_1");
  const client = createClient({ url: "http://server" });
  render(
    <Main client={client} me={me} thread_id="thread_1" facts={these} assistants={[]} unread={null} onAssistants={async () => {}} />,
  );
  const alert = screen.getByRole("alert");
  within(alert).getByRole("heading", { name: title });
  within(alert).getByText(text);
  expect(document.activeElement).toBe(screen.getByRole("heading"));
  screen.getByRole("button", { name: "Look again" });
  await userEvent.click(screen.getByRole("button", { name: "New thread" }));
  expect(location.hash).toBe("");
});

describe("of a thread that somebody deletes", () => {
  const main = { me, assistants: [guide], unread: null, onAssistants: async () => {} };
  const Page = ({ facts: of }: { facts: ThreadFacts }) => {
    const thread_id = useAddress();
    return <Main {...main} client={client} thread_id={thread_id} facts={thread_id ? of : facts({})} />;
  };
  const composer = () => screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Message" });
  const left = () => screen.queryByRole("group", { name: "Your text that was not sent:" })?.textContent ?? null;
  const keys = () => Object.keys(localStorage).filter((key) => /draft|assistants/.test(key)).sort();
  let client: Client;
  beforeEach(() => {
    localStorage.clear();
    serve("");
    history.replaceState(null, "", "#thread_1");
    client = createClient({ url: "http://server" });
  });
  afterEach(() => deskOf(NEW).empty());

  /** Writes in it, and is told that it is deleted. */
  async function written(text: string) {
    const { rerender } = render(<Page facts={facts({ known: true, status: "live" })} />);
    await userEvent.click(screen.getByRole("button", { name: "Guide" }));
    if (text) await userEvent.type(composer(), text);
    composer().focus();
    rerender(<Page facts={facts({ deleted: true })} />);
  }

  test("what was written there stays in sight, and goes to a new thread behind what is written there", async () => {
    deskOf(NEW).write("Before");
    await written("Half a <b>thought");
    expect([left(), document.activeElement, within(screen.getByRole("alert")).queryByText(/thought/)]).toEqual([
      "Half a <b>thought",
      screen.getByRole("heading"),
      null, // it is not read out to whoever wrote it
    ]);
    expect(keys()).toEqual(["livethread.assistants.thread_1", "livethread.draft.new", "livethread.draft.thread_1"]);
    await userEvent.click(screen.getByRole("button", { name: "Take it to a new thread" }));
    expect(location.hash).toBe("");
    expect([composer().value, keys()]).toEqual(["Before\n\nHalf a <b>thought", ["livethread.draft.new"]]);
  });

  test.each([
    [404, []],
    [403, ["livethread.assistants.thread_1"]], // it may be shown again
  ])("what was written there is at hand also on another day, when the server says %i", async (status, kept) => {
    chosenIn("thread_1").set(["asst_1"]);
    draftIn("thread_1").set("A thought");
    render(<Page facts={facts({ refusal: new ApiError("Not for you.", status) })} />);
    expect(left()).toBe("A thought");
    await userEvent.click(screen.getByRole("button", { name: "Take it to a new thread" }));
    expect([composer().value, keys()]).toEqual(["A thought", [...kept, "livethread.draft.new"]]);
  });

  test("what was written there can be copied", async () => {
    userEvent.setup();
    await written("A thought");
    await userEvent.click(screen.getByRole("button", { name: "Copy" }));
    await screen.findByRole("button", { name: "Copied" });
    expect([await navigator.clipboard.readText(), left()]).toEqual(["A thought", "A thought"]);
    deskOf("thread_1").empty();
  });

  test("nothing is kept where nothing was written", async () => {
    await written("");
    expect([left(), keys()]).toEqual([null, []]);
  });

  test("what was on its way comes back", async () => {
    let refuse!: (error: Error) => void;
    const { unmount } = render(<Page facts={facts({ deleted: true })} />);
    deskOf("thread_1").write("Hello");
    await act(async () => void deskOf("thread_1").send(() => new Promise((_, reject) => (refuse = reject)), []));
    expect([left(), keys()]).toEqual([null, ["livethread.draft.thread_1"]]);
    await act(async () => refuse(new ApiError("No thread found with id 'thread_1'.", 404)));
    expect(left()).toBe("Hello");
    unmount();
    deskOf("thread_1").empty();
  });

  test("text that a page loaded again would have lost is not put at risk by looking again", () => {
    deskOf("thread_1").write("x".repeat(100_001));
    render(<Page facts={facts({ deleted: true })} />);
    expect([left()!.length, screen.queryByRole("button", { name: "Look again" })]).toEqual([100_001, null]);
    deskOf("thread_1").empty();
  });
});

test("where there are no assistants, the guide is made at a press", async () => {
  serve("");
  const client = createClient({ url: "http://server" });
  const onAssistants = vi.fn(async () => {});
  render(
    <Main client={client} me={me} thread_id={null} facts={facts({})} assistants={[]} unread={null} onAssistants={onAssistants} />,
  );
  await userEvent.click(screen.getByRole("button", { name: "Make the guide" }));
  expect(asked).toEqual([{ method: "POST", path: "/assistants", token: null }]);
  expect(onAssistants.mock.calls.length).toBe(1);
});

test("nothing is said before it is known who may answer, and why it is not known is told", async () => {
  const client = createClient({ url: "http://server" });
  const onAssistants = vi.fn(async () => {});
  const main = { client, me, thread_id: null, facts: facts({}), onAssistants };
  const { rerender } = render(<Main {...main} assistants={null} unread={new Error("It is full.")} />);
  await userEvent.type(screen.getByRole("textbox", { name: "Message" }), "Hello");
  const send = () => screen.getByRole<HTMLButtonElement>("button", { name: "Send" });
  expect(send().disabled).toBe(true);
  screen.getByText("The assistants could not be read, so nothing can be sent yet: It is full.");
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(onAssistants.mock.calls.length).toBe(1);
  rerender(<Main {...main} assistants={[guide]} unread={null} />);
  expect(send().disabled).toBe(false);
  await userEvent.clear(screen.getByRole("textbox", { name: "Message" }));
});

test.each([
  ["[]", "false"],
  ['["asst_gone"]', "true"],
  ['["asst_gone","asst_1"]', "true"],
])("of a browser that has chosen %s before, the only assistant is asked: %s", (kept, pressed) => {
  localStorage.setItem("livethread.assistants", kept);
  const client = createClient({ url: "http://server" });
  const main = { client, me, thread_id: null, facts: facts({}), unread: null, onAssistants: async () => {} };
  render(<Main {...main} assistants={[guide]} />);
  expect(screen.getByRole("button", { name: "Guide" }).getAttribute("aria-pressed")).toBe(pressed);
  localStorage.removeItem("livethread.assistants");
});

test("a question for a start is asked of the guide, and leads to its thread", async () => {
  const client = createClient({
    url: "http://server",
    fetch: async (url, init) => {
      asked.push({ method: `${init?.method}`, path: `${url} ${init?.body}`, token: null });
      return Response.json({ id: "thread_9" });
    },
  });
  asked = [];
  render(
    <Main client={client} me={me} thread_id={null} facts={facts({})} assistants={[guide]} unread={null} onAssistants={async () => {}} />,
  );
  await userEvent.click(screen.getByRole("button", { name: "What is Livethread?" }));
  expect(location.hash).toBe("#thread_9");
  expect(asked.map(({ path }) => path)).toEqual([
    "http://server/v1/threads {}",
    'http://server/v1/threads/thread_9/turns {"message":{"role":"user","content":"What is Livethread?",' +
      '"metadata":{"name":"Ann","user_id":"me"}},"assistants":["asst_1"]}',
  ]);
});

test("the page asks for a nickname, then for the key of a server that has one, until it is right", async () => {
  serve("sesame");
  render(<App />);
  await userEvent.type(screen.getByRole("textbox", { name: "Nickname" }), "Ann{Enter}");
  const dialog = await screen.findByRole("dialog", { name: "This server asks for a key" });
  const field = within(dialog).getByLabelText("Key");
  const go = within(dialog).getByRole("button", { name: "Continue" });
  await userEvent.click(go);
  within(dialog).getByText("Enter the key first.");
  await userEvent.type(field, "two words");
  await userEvent.click(go);
  within(dialog).getByText("A key has only letters, digits and signs of ASCII, no blanks.");
  await userEvent.clear(field);
  await userEvent.type(field, "wrong");
  await userEvent.click(go);
  await within(dialog).findByText("Incorrect API key provided.");
  await userEvent.clear(field);
  await userEvent.type(field, " sesame ");
  await userEvent.click(go);
  await screen.findByRole("button", { name: "Guide" });
  await screen.findByText("No threads yet. One begins with your first message.");
  expect([apiKey.get(), localStorage.getItem("livethread.key")]).toEqual(["sesame", "sesame"]);
  expect(asked.filter(({ method }) => method !== "GET")).toEqual([]);
});

test("a key that was good once is asked for anew, and the page says so", async () => {
  serve("sesame");
  act(() => {
    person.set(me);
    apiKey.set("stale");
  });
  render(<App />);
  await screen.findByText("The server does not take the key that this browser has kept. It may have been changed.");
});

test("a thread that is not there leaves the rest of the page as it is", async () => {
  serve("");
  act(() => person.set(me));
  history.replaceState(null, "", "#thread_1");
  render(<App />);
  await screen.findByRole("heading", { name: "There is no such thread" });
  screen.getByRole("navigation", { name: "Threads" });
  expect((await screen.findByRole("status", { name: "Connection" })).textContent).toBe("Live");
  expect(document.title).toBe("No thread – Livethread");
});

test("the theme goes from the system's to light, to dark and back, and streaming is a switch", async () => {
  serve("");
  act(() => person.set(me));
  wear(document.documentElement);
  render(<App />);
  const worn = [];
  for (let press = 0; press < 3; press++) {
    await userEvent.click(screen.getByRole("button", { name: "Theme" }));
    worn.push(document.documentElement.dataset.theme, localStorage.getItem("livethread.theme"));
  }
  expect(worn).toEqual(["light", "light", "dark", "dark", undefined, null]);
  expect(theme.get()).toBe("system");
  const streams = screen.getByRole("switch", { name: "Stream answers" });
  await userEvent.click(streams);
  expect([streams.getAttribute("aria-checked"), streaming.get()]).toEqual(["false", false]);
  await userEvent.click(streams);
  expect([streams.getAttribute("aria-checked"), streaming.get()]).toEqual(["true", true]);
});
