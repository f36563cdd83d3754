// POST: a message, answered. GET: what stands in a thread, and the answer that is on its way. DELETE: stop it.
import { after, type NextRequest } from "next/server";
import { APIError, NotFoundError } from "openai";
import { answer, follow } from "../../../lib/answer.ts";
import { assistantId } from "../../../lib/assistant.ts";
import { livethread, sentence } from "../../../lib/livethread.ts";
import { isOver, isWrittenAgain, saidBy, type Tell, type Told, why } from "../../../lib/told.ts";

const { threads } = livethread.beta;

export async function POST(request: NextRequest): Promise<Response> {
  const isJson = request.headers.get("content-type")?.startsWith("application/json"); // no other site's form sends that
  const body: unknown = isJson ? await request.json().catch(() => null) : null;
  if (typeof body !== "object" || body === null) return refused(400, "Send JSON: { message, thread_id }.");
  const { message, thread_id = null } = body as { message?: unknown; thread_id?: unknown };
  if (typeof message !== "string" || !message.trim()) return refused(400, "Write a message first.");
  if (typeof thread_id !== "string" && thread_id !== null) return refused(400, "The thread_id must be a text, or null.");

  const key = request.headers.get("idempotency-key"); // a message that is sent again is stored and answered once
  const options = { headers: { "Idempotency-Key": key } };
  const said = { role: "user" as const, content: message };
  try {
    const assistant_id = await assistantId();
    const begun = thread_id
      ? await threads.runs.create(thread_id, { assistant_id, additional_messages: [said], stream: true }, options)
      : await threads.createAndRun({ assistant_id, thread: { messages: [said] }, stream: true }, options);
    return streamed((tell) => answer(livethread, async () => begun, tell));
  } catch (error) {
    return refusedBy(error);
  }
}

export async function GET(request: NextRequest): Promise<Response> {
  const id = request.nextUrl.searchParams.get("thread_id");
  if (!id) return refused(400, "Say which thread: ?thread_id=…");
  try {
    const runs = (await threads.runs.list(id, { limit: 20 })).data;
    const messages = (await threads.messages.list(id, { limit: 100 })).data.reverse();
    const active = runs.filter((run) => !isOver(run)).reverse();
    const isTold = ({ run_id }: { run_id: string | null }) => active.some((run) => run.id === run_id);
    const said = messages.filter((message) => !isTold(message) && !isWrittenAgain(message, messages)).map(saidBy);
    const last = runs[0] && why(runs[0]);
    return streamed(async (tell) => {
      tell("thread", { id, said });
      if (last) tell("error", { message: last });
      let status = runs[0]?.status ?? null;
      for (const run of active) status = await answer(livethread, () => follow(livethread, run), tell);
      return status;
    });
  } catch (error) {
    return refusedBy(error);
  }
}

export async function DELETE(request: NextRequest): Promise<Response> {
  const id = request.nextUrl.searchParams.get("thread_id");
  if (!id) return refused(400, "Say which thread: ?thread_id=…");
  try {
    await livethread.post(`/threads/${encodeURIComponent(id)}/stop`);
    return new Response(null, { status: 204 });
  } catch (error) {
    return refusedBy(error);
  }
}

/** Server-sent events, for as long as the work takes. It is done to its end, also if the reader leaves. */
function streamed(work: (tell: Tell) => Promise<Told["done"]["status"]>): Response {
  const encoder = new TextEncoder();
  let hasLeft = false;
  const body = new ReadableStream({
    start(controller) {
      const send = (text: string) => {
        if (!hasLeft) controller.enqueue(encoder.encode(text));
      };
      const tell: Tell = (event, data) => send(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
      const beat = setInterval(() => send(":\n"), 15_000); // proxies end what is silent
      const worked = work(tell)
        .catch((error: unknown) => {
          tell("error", { message: sentence(error) });
          return null;
        })
        .then((status) => {
          tell("done", { status });
          clearInterval(beat);
          if (!hasLeft) controller.close();
        });
      after(worked);
    },
    cancel() {
      hasLeft = true;
    },
  });
  const headers = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store, no-transform",
    "X-Accel-Buffering": "no",
  };
  return new Response(body, { headers });
}

const refused = (status: number, message: string) => Response.json({ error: message }, { status });

const refusedBy = (error: unknown) =>
  error instanceof NotFoundError
    ? refused(404, "This conversation is not on the server: it was deleted, or belongs to another one.")
    : refused((error instanceof APIError && error.status) || 502, sentence(error));
