import { cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, test, vi } from "vitest";
import { Boundary } from "../src/app/Boundary";
import { Connection } from "../src/app/Connection";
import { examples } from "../src/app/examples";
import { Header } from "../src/app/Header";
import { Nickname } from "../src/app/Nickname";
import { People } from "../src/app/People";
import { TitleField } from "../src/app/TitleField";
import { useTitle } from "../src/app/useTitle";

afterEach(cleanup);

const me = { user_id: "me", name: "Ann" };
const person = (name: string) => ({ user_id: name.toLowerCase(), name, typing: false });

test("a nickname is refused with its reason while it is typed, and taken once it is long enough", async () => {
  const onChoose = vi.fn();
  render(<Nickname me={null} onChoose={onChoose} />);
  const dialog = screen.getByRole("dialog", { name: "Choose a nickname" });
  const field = within(dialog).getByRole("textbox", { name: "Nickname" });
  expect(field.getAttribute("aria-invalid")).toBe(null);
  await userEvent.type(field, " An{Enter}");
  within(dialog).getByText("1 more character, please: a nickname has at least 3.");
  expect([field.getAttribute("aria-invalid"), onChoose.mock.calls]).toEqual(["true", []]);
  await userEvent.type(field, "n");
  await userEvent.click(within(dialog).getByRole("button", { name: "Join" }));
  expect(onChoose.mock.calls).toEqual([[{ user_id: expect.stringMatching(/^user_/), name: "Ann" }]]);
});

test.each([
  ["", "This is Livethread, where people and assistants talk in threads."],
  ["#thread_1", "You are about to join “Plans for spring”, a thread of Livethread."],
  ["#thread_2", "You are about to join “What is a thread?”, a thread of Livethread."],
  ["#thread_3", "This is Livethread, where people and assistants talk in threads. Your link leads to one of them."],
])("who comes by %j for the first time is told where they are", async (hash, sentence) => {
  vi.stubGlobal("fetch", async (url: string) => {
    if (url.includes("thread_3")) return Response.json({ error: { message: "No thread found." } }, { status: 404 });
    if (url.includes("/messages")) return Response.json({ data: [{ content: [{ type: "text", text: { value: " What is a thread?\nI ask." } }] }] });
    return Response.json({ metadata: url.includes("thread_1") ? { title: "Plans for spring" } : {} });
  });
  history.replaceState(null, "", hash || location.pathname);
  render(<Nickname me={null} onChoose={() => {}} />);
  await screen.findByText(sentence);
  history.replaceState(null, "", location.pathname);
  vi.unstubAllGlobals();
});

test("who takes another nickname stays the same person", async () => {
  const onChoose = vi.fn();
  render(<Nickname me={me} onChoose={onChoose} onClose={() => {}} />);
  const field = screen.getByRole("textbox", { name: "Nickname" });
  expect(document.activeElement).toBe(field); // and not the way around it
  await userEvent.clear(field);
  await userEvent.type(field, "Ann Lee");
  await userEvent.click(screen.getByRole("button", { name: "Save" }));
  expect(onChoose.mock.calls).toEqual([[{ user_id: "me", name: "Ann Lee" }]]);
});

test.each([
  ["a new title{Enter}", ["a new title"]],
  [" a new title {Tab}", ["a new title"]],
  ["{Escape}", [null]],
  ["old{Enter}", [null]],
  ["{Backspace}{Enter}", [""]],
])("a title that is written as %j ends once, with %j", async (typed, told) => {
  const done: (string | null)[] = [];
  render(<TitleField title="old" onDone={(title) => done.push(title)} />);
  const field = screen.getByRole("textbox", { name: "Title" });
  await userEvent.type(field, typed, { initialSelectionStart: 0, initialSelectionEnd: 3 });
  fireEvent.blur(field); // as when it is taken away
  expect(done).toEqual(told);
});

test("a title that somebody else changes meanwhile stays theirs where this one was not written on", () => {
  const onDone = vi.fn();
  const { rerender } = render(<TitleField title="old" onDone={onDone} />);
  rerender(<TitleField title="theirs" onDone={onDone} />);
  const field = screen.getByRole<HTMLInputElement>("textbox", { name: "Title" });
  expect(field.value).toBe("old");
  fireEvent.blur(field);
  expect(onDone.mock.calls).toEqual([[null, false]]);
});

test("the title of a thread that has none is begun from nothing", async () => {
  const said = { people: [], status: "live" as const, error: null, me, retry: false, onTell: () => {}, onDrawer: null, drawerButton: null };
  const onRename = vi.fn();
  render(<Header {...said} thread_id="thread_1" title="New thread" known onRename={onRename} />);
  await userEvent.click(screen.getByRole("button", { name: "Rename thread" }));
  const field = screen.getByRole<HTMLInputElement>("textbox", { name: "Title" });
  expect(field.value).toBe("");
  await userEvent.type(field, "{Enter}");
  expect(onRename.mock.calls).toEqual([]);
});

test("Enter that ends a word of an input method does not end the title", () => {
  const onDone = vi.fn();
  render(<TitleField title="old" onDone={onDone} />);
  fireEvent.keyDown(screen.getByRole("textbox"), { key: "Enter", isComposing: true });
  expect(onDone.mock.calls).toEqual([]);
});

test("people are listed with the reader first, and many are counted, and named at a press", () => {
  const people = ["Ben", "Cem", "Dee", "Eve", "Fay"].map((name) => person(name));
  render(<People people={[...people, { ...me, typing: false }]} me={me} />);
  const list = screen.getByRole("list", { name: "People" });
  const texts = (list: HTMLElement) => within(list).getAllByRole("listitem").map((item) => item.textContent);
  expect(texts(list)).toEqual(["AAnn (you)", "BBen", "CCem", "DDee", "+2"]);
  const everybody = screen.getByRole("list", { name: "Everybody" });
  expect(within(list).getByRole("button", { name: "2 more: show everybody" }).getAttribute("popovertarget")).toBe(everybody.id);
  expect(texts(everybody)).toEqual(["AAnn (you)", "BBen", "CCem", "DDee", "EEve", "FFay"]);
});

test("the connection is a status, and can be tried at once", async () => {
  const signs: string[] = [];
  const sign = () => signs.push("pageshow");
  window.addEventListener("pageshow", sign);
  const { rerender } = render(<Connection status="live" error={null} retry={false} />);
  expect(screen.getByRole("status", { name: "Connection" }).textContent).toBe("Live");
  expect(screen.queryByRole("button")).toBe(null);
  rerender(<Connection status="reconnecting" error={new Error("Nobody answers.")} retry />);
  const status = screen.getByRole("status", { name: "Connection" });
  expect([status.textContent, status.title]).toEqual(["Reconnecting…", "Nobody answers."]);
  await userEvent.click(screen.getByRole("button", { name: "Try now" }));
  window.removeEventListener("pageshow", sign);
  expect(signs).toEqual(["pageshow"]);
});

test("what breaks is told in its place, and can be shown again", async () => {
  const quiet = vi.spyOn(console, "error").mockImplementation(() => {});
  let broken = true;
  const Part = () => {
    if (broken) throw new Error("no such part");
    return <p>whole again</p>;
  };
  render(
    <>
      <p>the rest</p>
      <Boundary what="The list">
        <Part />
      </Boundary>
    </>,
  );
  screen.getByText("the rest");
  screen.getByRole("heading", { name: "The list could not be shown" });
  screen.getByText(/no such part/);
  screen.getByRole("button", { name: "Reload the page" });
  broken = false;
  await userEvent.click(screen.getByRole("button", { name: "Show it again" }));
  screen.getByText("whole again");
  quiet.mockRestore();
});

test("what a part gives in its place shows there, until there is something else to show", () => {
  const quiet = vi.spyOn(console, "error").mockImplementation(() => {});
  const Part = ({ text }: { text: string }) => {
    if (text === "broken") throw new Error("no such text");
    return <p>{text}</p>;
  };
  const page = (text: string) => (
    <Boundary what="This message" instead={<p>not to be shown</p>}>
      <Part text={text} />
    </Boundary>
  );
  const { rerender, container } = render(page("broken"));
  expect(container.textContent).toBe("not to be shown");
  rerender(page("broken"));
  expect(container.textContent).toBe("not to be shown");
  rerender(page("whole"));
  expect(container.textContent).toBe("whole");
  quiet.mockRestore();
});

test("the document is called as the thread, with a point once an answer has come while it was hidden", () => {
  const Titled = (props: { thread_id: string | null; answer: string | null | undefined }) => {
    useTitle(props.thread_id && "Plans", props.thread_id, props.answer);
    return null;
  };
  const hide = (hidden: boolean) => {
    vi.spyOn(document, "hidden", "get").mockReturnValue(hidden);
    fireEvent(document, new Event("visibilitychange"));
  };
  const titles: string[] = [];
  const { rerender } = render(<Titled thread_id={null} answer={undefined} />);
  const show = (answer: string | null | undefined, thread_id = "thread_1") => {
    rerender(<Titled thread_id={thread_id} answer={answer} />);
    titles.push(document.title);
  };
  titles.push(document.title);
  hide(true);
  show(undefined);
  show(null); // now it is known that there is none
  show("msg_1");
  hide(false);
  show("msg_1");
  hide(true);
  show("msg_1");
  show("msg_2");
  show(undefined, "thread_2"); // another one, which has answers already
  show("msg_3", "thread_2");
  vi.restoreAllMocks();
  expect(titles).toEqual([
    "Livethread",
    "Plans – Livethread",
    "Plans – Livethread",
    "• Plans – Livethread",
    "Plans – Livethread",
    "Plans – Livethread",
    "• Plans – Livethread",
    "Plans – Livethread",
    "Plans – Livethread",
  ]);
});

test("the examples name this server and a key only where one is needed", () => {
  const [open, keyed] = [false, true].map((needed) => examples("http://host/chat", "asst_1", needed));
  expect(open!.map(({ name }) => name)).toEqual(["curl", "Python", "Browser"]);
  expect(open![0]!.text).toBe(
    `curl -N http://host/chat/v1/threads/runs -H 'Content-Type: application/json' ` +
      `-d '{"assistant_id":"asst_1","stream":true,"thread":{"messages":[{"role":"user","content":"What is Livethread?"}]}}'`,
  );
  expect(open!.filter(({ text }) => text.includes("KEY"))).toEqual([]);
  expect(keyed!.filter(({ text }) => !text.includes("YOUR_KEY"))).toEqual([]);
});
