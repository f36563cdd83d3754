/** The first message of a thread that this page has begun, until the server shows the thread. */

import type { Message } from "livethread";
import type { Me } from "./Around";

/** What is being said, as it will stand there. */
export const pendingOf = (text: string, me: Me): Message => ({
  id: "pending_first",
  object: "thread.message",
  thread_id: "",
  created_at: Math.floor(Date.now() / 1000),
  role: "user",
  status: "completed",
  content: [{ type: "text", text: { value: text, annotations: [] } }],
  run_id: null,
  assistant_id: null,
  metadata: { name: me.name, user_id: me.user_id },
  pending: true,
});

let newest: { thread_id: string; message: Message } | null = null;

/** Keep what a thread begins with, or forget it. */
export function begin(thread_id: string, message: Message | null): void {
  if (message) newest = { thread_id, message };
  else if (newest?.thread_id === thread_id) newest = null;
}

/** What the thread was begun with here, just now. */
export const begunWith = (thread_id: string): Message | null => (newest?.thread_id === thread_id ? newest.message : null);
