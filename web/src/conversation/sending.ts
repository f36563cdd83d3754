/** Messages on their way. */

import type { Client, Message } from "livethread";

/**
 * Send a message, and have assistants answer it.
 *
 * @param key - names the call: with the same text and assistants it is done once, however often it is made
 * @returns is kept once the server has the message, whatever becomes of the answers; rejects with why it has not
 */
export function sent(client: Client, thread_id: string, text: string, assistants: string[], key: string): Promise<void> {
  const { subscribe, getSnapshot } = client.thread(thread_id);
  const before = new Set(getSnapshot().messages);
  const whole: Promise<unknown> = assistants.length
    ? client.addMessageAndRuns(thread_id, text, assistants, undefined, key)
    : client.addMessage(thread_id, text, undefined, key);
  // It shows from now on, and is no more pending once it is there; where it is refused, we hear of that first.
  const pending = getSnapshot().messages.find((message: Message) => message.pending && !before.has(message));
  return new Promise((resolve, reject) => {
    const look = () => {
      if (!getSnapshot().messages.some(({ id }) => id === pending?.id)) done();
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
