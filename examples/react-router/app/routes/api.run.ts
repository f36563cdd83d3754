import { answered, livethread, posted, threadId } from "../livethread.server";
import type { Route } from "./+types/api.run";

/**
 * POST {thread_id, assistant_id} → {runs}, which have only begun
 * POST {thread_id, message, assistant_ids} → {message, runs}: a message and who answers it, or nothing of it
 * DELETE {thread_id} → the runs that are told to stop
 *
 * A run goes on whoever looks on. What it says comes over the thread's stream, api/load-thread; nothing here is a GET.
 */
export const action = ({ request }: Route.ActionArgs) =>
  answered(request.method === "DELETE" ? stop(request) : run(request));

async function run(request: Request) {
  const { thread_id, assistant_id, message, assistant_ids } = await posted(request);
  const thread = threadId(thread_id);
  if (message === undefined) return { runs: [await livethread.beta.threads.runs.create(thread, { assistant_id })] };
  return livethread.post(`/threads/${thread}/turns`, { body: { message, assistants: assistant_ids } });
}

async function stop(request: Request) {
  const { thread_id } = await posted(request);
  return livethread.post(`/threads/${threadId(thread_id)}/stop`);
}
