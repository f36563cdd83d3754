import { act, cleanup, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { createClient } from "livethread";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Begin } from "../src/app/Begin";
import { begin, begunWith } from "../src/conversation/begun";
import { draftIn } from "../src/conversation/composer/kept";

const me = { user_id: "me", name: "Ann" };
const guide = { id: "asst_1", name: "Guide", description: "Answers questions.", model: "builtin/guide" };
const field = () => screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Message" });

let answer: (response: Response) => void;

/** Where a new thread begins, at a server that takes its time. */
function shown() {
  const fetch = () => new Promise<Response>((resolve) => (answer = resolve));
  const client = createClient({ url: "http://server", fetch: fetch as typeof globalThis.fetch });
  return render(<Begin client={client} me={me} assistants={[guide]} />);
}
const made = () => act(async () => answer(Response.json({ id: "thread_9" })));

beforeEach(() => localStorage.clear());
afterEach(() => {
  cleanup();
  history.replaceState(null, "", location.pathname);
  begin("thread_9", null);
});

test("what a thread begins with stands there at once, and in the thread until that is shown", async () => {
  shown();
  screen.getByText("Guide: Answers questions.");
  await userEvent.type(field(), "Hello{Enter}and more");
  expect(screen.getByRole("article").textContent).toContain("Sending…Hello");
  expect(screen.queryByRole("heading")).toBe(null);
  await made();
  expect([location.hash, begunWith("thread_9")]).toEqual(["", null]); // there is no message in it yet
  await made();
  await waitFor(() => expect(location.hash).toBe("#thread_9"));
  expect([begunWith("thread_9")?.content, begunWith("thread_8")]).toEqual([
    [{ type: "text", text: { value: "Hello", annotations: [] } }],
    null,
  ]);
  expect([draftIn("new").get(), draftIn("thread_9").get()]).toEqual(["", "and more"]);
});

test("one that cannot begin gives its message back", async () => {
  shown();
  await userEvent.type(field(), "Hello{Enter}");
  await act(async () => answer(Response.json({ error: { message: "It is full." } }, { status: 400 })));
  await screen.findByText("It is full.");
  screen.getByRole("heading", { name: "What is on your mind, Ann?" });
  expect([screen.queryByRole("article"), field().value]).toEqual([null, "Hello"]);
  await userEvent.clear(field());
});

test("who has gone elsewhere meanwhile is not led back", async () => {
  const { unmount } = shown();
  await userEvent.type(field(), "Hello{Enter}");
  unmount();
  await made();
  await made();
  await waitFor(() => expect(begunWith("thread_9")).not.toBe(null));
  expect(location.hash).toBe("");
});
