import type { Client, Message } from "livethread";
import { expect, test } from "vitest";
import { sent } from "../../src/conversation/sending";

/** A thread that says what was asked of it; its answer is never whole unless that is told. */
function thread() {
  let messages = [{ id: "old", pending: true }] as Message[];
  const listeners = new Set<() => void>();
  const asked: unknown[] = [];
  let settle: { resolve: (runs: unknown[]) => void; reject: (error: Error) => void };
  const send = (...of: unknown[]) => {
    asked.push(of.filter((one) => one !== undefined));
    messages = [{ id: "pending_1", pending: true } as Message, ...messages];
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
  const show = (...now: Partial<Message>[]) => {
    messages = now as Message[];
    for (const listener of listeners) listener();
  };
  return { client, asked, listeners, show, settle: () => settle };
}

test("a message is sent once the server has it, however long the answer takes", async () => {
  const { client, asked, listeners, show } = thread();
  const done = sent(client, "thread_1", "Hello", ["asst_1"], "key");
  show({ id: "pending_1", pending: true }, { id: "old", pending: true });
  expect(listeners.size).toBe(1);
  show({ id: "msg_1" }, { id: "old", pending: true });
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
  taken.show({ id: "msg_1" });
  taken.settle().reject(new Error("The thread was deleted."));
  await other;
});
