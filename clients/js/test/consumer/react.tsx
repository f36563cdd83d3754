/** What the types of the React hooks promise. */

import { createClient } from "livethread";
import { type ListedThread, type Message, type Run, type UsedThread, useThread, useThreads } from "livethread/react";
import type { ReactElement } from "react";
import { type Equal, is } from "./equal.js";

export function Page({ threadId }: { threadId: string | null }): ReactElement {
  const thread = useThread(threadId, { name: "Ann", tools: { look: () => "nothing" } });
  is<Equal<typeof thread, UsedThread>>();
  is<Equal<typeof thread.messages, readonly Message[]>>();
  is<Equal<typeof thread.activeRuns, readonly Run[]>>();
  is<Equal<ReturnType<typeof thread.addMessageAndRun>, Promise<Run>>>();
  void thread.retry();
  void thread.retry(thread.runs[0]);
  is<Equal<ReturnType<typeof thread.older>, Promise<boolean>>>();
  const { threads, more, rename } = useThreads({ client: createClient() });
  is<Equal<typeof threads, readonly ListedThread[]>>();
  is<Equal<ReturnType<typeof more>, Promise<void>>>();
  void rename("thread_1", "Trees");
  useThread(undefined);
  // @ts-expect-error -- a client brings its own options
  useThread("thread_1", { client: createClient(), name: "Ann" });
  // @ts-expect-error -- there is no such option
  useThread("thread_1", { adress: "http://127.0.0.1:8000" });
  // @ts-expect-error -- an id, not a thread
  useThread(thread.thread);
  // @ts-expect-error -- the thread is known already
  void thread.addMessage("thread_1", "Hello");
  return (
    <ul>
      {thread.messages.map(({ id, pending, content: [block] }) => (
        <li key={id} aria-busy={pending ?? false}>
          {block?.type === "text" ? block.text.value : null}
        </li>
      ))}
    </ul>
  );
}
