/** What the routes ask Livethread with. As the name ends in `.server`, neither key nor SDK can get into a browser. */
import OpenAI, { APIError } from "openai";

const { LIVETHREAD_URL, OPENAI_API_KEY, OPENAI_BASE_URL } = process.env;

export const livethread = new OpenAI({
  baseURL: LIVETHREAD_URL ? new URL("/v1", LIVETHREAD_URL).href : OPENAI_BASE_URL || "http://127.0.0.1:8000/v1",
  apiKey: OPENAI_API_KEY || "any",
});

/** A request that makes no sense; its message is for whoever made it. */
class Refused extends Error {}

/** A thread's id, which becomes a part of a path. */
export function threadId(id: unknown): string {
  if (typeof id === "string" && /^[\w-]+$/.test(id)) return id;
  throw new Refused("'thread_id' must be the id of a thread, such as thread_abc123.");
}

/** The JSON object that was posted. A page of another site can post a form to us, but no JSON. */
export async function posted(request: Request): Promise<Record<string, any>> {
  const isJson = request.headers.get("Content-Type")?.split(";")[0].trim() === "application/json";
  const body = isJson && (await request.json().catch(() => null));
  if (typeof body === "object" && body && !Array.isArray(body)) return body;
  throw new Refused("The body must be a JSON object, sent with the header Content-Type: application/json.");
}

/** Answer with JSON: what the work brings, or a sentence that says why there is nothing. */
export async function answered(work: Promise<unknown>): Promise<Response> {
  try {
    return Response.json(await work);
  } catch (error) {
    const { status, message } = refusal(error);
    return Response.json({ error: { message } }, { status });
  }
}

/** An error as a status and a sentence that a page can show as it is. */
export function refusal(error: unknown): { status: number; message: string } {
  if (error instanceof Refused) return { status: 400, message: error.message };
  if (!(error instanceof APIError)) throw error;
  const said = error.error as { message?: string } | undefined;
  if (error.status) return { status: error.status, message: said?.message ?? error.message };
  return { status: 503, message: "Livethread cannot be reached. Is it running?" };
}
