/** A thread begins with its first message, so nobody leaves an empty one behind. */

import { ApiError, type Client } from "livethread";
import type { Me } from "./person";

/** Begins a thread; resolves with its id. Called again with the key of a call that nobody has answered, it is the same call. */
export type Start = (text: string, assistants: readonly string[], key: string) => Promise<string>;

/**
 * What begins threads.
 *
 * @returns rejects with ApiError or Unreachable; there is no thread then, as far as anybody has heard
 */
export function starter({ http, deleteThread }: Client, me: Me): Start {
  let refused = 0;
  return async (text, assistants, key) => {
    const post = <T>(path: string, body: object, which: string) =>
      http.call<T>("POST", path, body, { "Idempotency-Key": `${key}-${which}-${refused}` });
    const message = { role: "user", content: text, metadata: { name: me.name, user_id: me.user_id } };
    if (!assistants.length) return (await post<{ id: string }>("/threads", { messages: [message] }, "message")).id;
    const { id } = await post<{ id: string }>("/threads", {}, "thread");
    try {
      await post(`/threads/${id}/turns`, { message, assistants }, "turn");
    } catch (error) {
      if (error instanceof ApiError) {
        refused++; // the next is another thread, whatever its key
        await deleteThread(id).catch(() => {}); // why it is needed no more is what there is to tell
      }
      throw error;
    }
    return id;
  };
}
