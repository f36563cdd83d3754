import { answered, livethread, posted, threadId } from "../livethread.server";
import type { Route } from "./+types/api.add-message";

/** POST {thread_id, message} → the message */
export const action = ({ request }: Route.ActionArgs) => answered(add(request));

async function add(request: Request) {
  const { thread_id, message } = await posted(request);
  return livethread.beta.threads.messages.create(threadId(thread_id), { role: "user", content: message });
}
