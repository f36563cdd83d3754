import { livethread, refusal, threadId } from "../livethread.server";
import type { Route } from "./+types/api.load-thread";

/**
 * GET ?thread_id=&cursor= → the thread for an `EventSource`: a snapshot, then whatever happens in it. It only reads.
 *
 * The body is Livethread's own, byte for byte, with its ids and signs of life. A source that comes back sends the last
 * id that it had, as `Last-Event-ID`; handed on, the stream begins behind it.
 */
export async function loader({ request }: Route.LoaderArgs) {
  const asked = new URL(request.url).searchParams;
  const cursor = request.headers.get("Last-Event-ID") || asked.get("cursor");
  try {
    const { status, body, headers } = await livethread
      .get(`/threads/${threadId(asked.get("thread_id"))}/events?limit=100`, {
        headers: { Accept: "text/event-stream", ...(cursor && { "Last-Event-ID": cursor }) },
        maxRetries: 0, // the source comes back by itself
        signal: request.signal, // whoever leaves is not streamed to any more
      })
      .asResponse();
    return new Response(body, { status, headers: only(headers, "Content-Type", "Cache-Control", "X-Accel-Buffering") });
  } catch (error) {
    if (request.signal.aborted) return new Response(null, { status: 499 });
    const { status, message } = refusal(error);
    if (status >= 500 || status === 429) return new Response(message, { status });
    // It will not be there later either. An `EventSource` cannot read what a status other than 200 says.
    return new Response(`event: refused\ndata: ${JSON.stringify({ message })}\n\n`, {
      headers: { "Content-Type": "text/event-stream", "Cache-Control": "no-store, no-transform" },
    });
  }
}

function only(headers: Headers, ...names: string[]): [string, string][] {
  return names.map((name) => [name, headers.get(name) ?? ""]);
}
