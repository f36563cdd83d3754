/** Messages on their way. */

import type { Client, Message } from "livethread";
import { textOf } from "./wording";

/**
 * Send a message, and have assistants answer it.
 *
 * @param key - names the call: with the same text and assistants it is done once, however often it is made
 * @returns is kept once the server has the message, whatever becomes of the answers; rejects with why it has not
 */
export function sent(client: Client, thread_id: string, text: string, assistants: string[], key: string): Promise<void> {
  const { subscribe, getSnapshot } = client.thread(thread_id);
  const before = new Set(getSnapshot().messages.map(({ id }) => id));
  const whole: Promise<unknown> = assistants.length
    ? client.addMessageAndRuns(thread_id, text, assistants, undefined, key)
    : client.addMessage(thread_id, text, undefined, key);
  // It shows from now on, until the server's own takes its place; where it only goes, it was refused, or we cannot tell.
  const pending = getSnapshot().messages.find(({ id, pending }) => pending && !before.has(id));
  const said = pending && textOf(pending);
  const took = (message: Message) =>
    !before.has(message.id) && !message.pending && message.role === pending?.role && textOf(message) === said;
  return new Promise((resolve, reject) => {
    const look = () => {
      const { messages } = getSnapshot();
      if (!messages.some(({ id }) => id === pending?.id) && messages.some(took)) done();
    };
    const unsubscribe = subscribe(look);
    const done = (error?: unknown) => {
      unsubscribe();
      if (error) reject(error);
      else resolve();
    };
    whole.then(() => done(), done);
  });
}
