// The server, by the official SDK, and its errors as sentences.
import OpenAI, { APIConnectionError, APIError } from "openai";

export const url = process.env.LIVETHREAD_URL ?? "http://127.0.0.1:8000";

export const livethread = new OpenAI({ baseURL: `${url}/v1`, apiKey: process.env.LIVETHREAD_API_KEY ?? "any" });

/** What a reader is told of an error. */
export function sentence(error: unknown): string {
  if (error instanceof APIConnectionError) {
    return `The Livethread server at ${url} does not answer. Start it, and try again.`;
  }
  if (error instanceof APIError) {
    return (error.error as { message?: string } | undefined)?.message ?? error.message;
  }
  return error instanceof Error ? error.message : String(error);
}
