/** What somebody is told who comes here for the first time. */

import { createClient, type Message, type Thread } from "livethread";
import { useEffect, useState } from "react";
import { serverUrl, threadIn } from "./address";
import { apiKey } from "./choices";

const WELCOME = "This is Livethread, where people and assistants talk in threads.";

/**
 * A sentence on where they are, and on the thread that the address leads to.
 *
 * @param wanted - null is all there is without it
 */
export function useInvitation(wanted: boolean): string | null {
  const thread_id = threadIn(location.hash);
  const [title, setTitle] = useState<string | null>(null);
  useEffect(() => {
    if (wanted && thread_id) titleOf(thread_id).then(setTitle, () => {}); // the page says so, once they are in
  }, [wanted, thread_id]);
  if (!wanted) return null;
  if (!thread_id) return WELCOME;
  return title ? `You are about to join “${title}”, a thread of Livethread.` : `${WELCOME} Your link leads to one of them.`;
}

/** As it was given, or as its first message has it; null where it has neither. */
async function titleOf(thread_id: string): Promise<string | null> {
  const token = apiKey.get();
  const { http } = createClient({ url: serverUrl(), ...(token && { token }) });
  const path = `/threads/${encodeURIComponent(thread_id)}`;
  const { metadata } = await http.call<Thread>("GET", path);
  if (metadata?.title) return metadata.title;
  const { data } = await http.call<{ data: Message[] }>("GET", `${path}/messages?order=asc&limit=1`);
  const [part] = data[0]?.content ?? [];
  return part?.type === "text" ? part.text.value.trim().split("\n", 1)[0]!.slice(0, 80) || null : null;
}
