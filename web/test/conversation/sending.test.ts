import type { Client, Message } from "livethread";
import { expect, test } from "vitest";
import { sent } from "../../src/conversation/sending";
import { said, text } from "./things";

const hello = (id: string, more: Partial<Message> = {}) => said(id, { content: text("Hello"), ...more });
const old = hello("old", { pending: true });
const pending = hello("pending_1", { pending: true });

/** A thread that says what was asked of it; its answer is never whole unless that is told. */
function thread() {
  let messages = [old];
  const listeners = new Set<() => void>();
  const asked: unknown[] = [];
  let settle: { resolve: (runs: unknown[]) => void; reject: (error: Error) => void };
  const send = (...of: unknown[]) => {
    asked.push(of.filter((one) => one !== undefined));
    messages = [pending, ...messages];
    return new Promise((resolve, reject) => (settle = { resolve, reject }));
  };
  const client = {
    thread: () => ({
      getSnapshot: () => ({ messages }),
      subscribe(listener: () => void) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    }),
    addMessage: send,
    addMessageAndRuns: send,
  } as unknown as Client;
  const show = (...now: Message[]) => {
    messages = now;
    for (const listener of listeners) listener();
  };
  return { client, asked, listeners, show, settle: () => settle };
}

test("a message is sent once the server has it, however long the answer takes", async () => {
  const { client, asked, listeners, show } = thread();
  const done = sent(client, "thread_1", "Hello", ["asst_1"], "key");
  show(pending, old);
  expect(listeners.size).toBe(1);
  show(hello("msg_1"), old);
  await done;
  expect([asked, listeners.size]).toEqual([[["thread_1", "Hello", ["asst_1"], "key"]], 0]);
});

test("one that is refused is not sent, and of an answer that fails later nothing is said here", async () => {
  const refused = thread();
  const done = sent(refused.client, "thread_1", "Hello", [], "key");
  refused.settle().reject(new Error("No."));
  await expect(done).rejects.toThrow("No.");
  expect([refused.asked, refused.listeners.size]).toEqual([[["thread_1", "Hello", "key"]], 0]);

  const taken = thread();
  const other = sent(taken.client, "thread_1", "Hello", ["asst_1"], "key");
  taken.show(hello("msg_1"));
  taken.settle().reject(new Error("The thread was deleted."));
  await other;
});

test("one that is refused only after it shows no more is not sent either", async () => {
  const { client, listeners, show, settle } = thread();
  const done = sent(client, "thread_1", "Hello", ["asst_1"], "key");
  show(said("msg_1"), old); // what somebody else says meanwhile
  show(old, said("msg_1", { content: text("Hello there") }));
  await new Promise((resolve) => setTimeout(resolve));
  settle().reject(new Error("No."));
  await expect(done).rejects.toThrow("No.");
  expect(listeners.size).toBe(0);
});

test("one that shows no more for another reason is sent once the whole answer is there", async () => {
  const { client, show, settle } = thread();
  const done = sent(client, "thread_1", "Hello", ["asst_1"], "key");
  show();
  settle().resolve([]);
  await done;
});
