/** A thread begins with its first message, so nobody leaves an empty one behind. */

import { ApiError, type Client } from "livethread";
import type { Me } from "./person";

/** Begins a thread; resolves with its id. */
export type Start = (text: string, assistants: readonly string[], again?: boolean) => Promise<string>;

/**
 * What begins threads. A call that nobody has answered may be made again: it is done once.
 *
 * @returns rejects with ApiError or Unreachable; there is no thread then, as far as anybody has heard
 */
export function starter({ http, deleteThread }: Client, me: Me): Start {
  let key = newKey();
  return async (text, assistants, again = false) => {
    if (!again) key = newKey();
    const post = <T>(path: string, body: object, which: string) =>
      http.call<T>("POST", path, body, { "Idempotency-Key": `${key}-${which}` });
    const message = { role: "user", content: text, metadata: { name: me.name, user_id: me.user_id } };
    if (!assistants.length) return (await post<{ id: string }>("/threads", { messages: [message] }, "message")).id;
    const { id } = await post<{ id: string }>("/threads", {}, "thread");
    try {
      await post(`/threads/${id}/turns`, { message, assistants }, "turn");
    } catch (error) {
      if (error instanceof ApiError) {
        key = newKey();
        await deleteThread(id).catch(() => {}); // why it is needed no more is what there is to tell
      }
      throw error;
    }
    return id;
  };
}

const newKey = (): string => crypto.getRandomValues(new Uint32Array(4)).join("-");
