/** What tabs say to each other over a channel. */

import type { ApiError, Http } from "./http.js";
import type { SseEvent } from "./sse.js";

/** How the leader's connection stands, in words that a channel can carry. */
export type Standing =
  | { status: "live" }
  | { status: "reconnecting" | "offline"; why?: Reason | undefined };
export type Reason = Pick<ApiError, "message" | "status" | "param" | "code">;

/** What a tab says that listens: whether anybody leads and, with a key, what it has missed. */
export interface Question {
  says: "ask";
  from: string;
  key: string;
  /** Whom it has listened to, and what it holds. */
  term: string;
  cursor: string | null;
  /** Whether a reader waits: a leader that rests between two attempts makes the next one at once. */
  hurry?: boolean;
}

/** What the leader says. */
export interface Told {
  /** That it leads; the next event; what `key` has missed; that nothing will ever come again. */
  says: "here" | "event" | "state" | "end";
  /** Of this leadership. */
  term: string;
  /** How many events it has had. */
  n: number;
  standing?: Standing | null | undefined;
  key?: string;
  events?: SseEvent[];
  why?: Reason | undefined;
}

/** An error in words that a channel can carry. */
export const reasonOf = (why?: Error): Reason | undefined => {
  if (!why) return undefined;
  const { message, status, param, code } = why as ApiError;
  return { message, status, param, code };
};

/** The error again. */
export const errorOf = (http: Http, why: Reason | undefined): Error | undefined =>
  why && (why.status ? http.refusal(why.status, JSON.stringify({ error: why })) : http.unreachable(why));

// What comes from a channel may be anything.
const areText = (...these: unknown[]): boolean => these.every((one) => typeof one === "string");

export const isQuestion = (said: any): said is Question =>
  said?.says === "ask" && areText(said.from, said.key, said.term, said.cursor ?? "");

export const isTold = (said: any): said is Told =>
  /^(here|event|state|end)$/.test(said?.says) &&
  areText(said.term) &&
  Number.isInteger(said.n) &&
  (said.standing == null || /^(live|reconnecting|offline)$/.test(said.standing.status)) &&
  (!/event|state/.test(said.says) || (Array.isArray(said.events) && said.events.every(isEvent)));

const isEvent = (event: any): event is SseEvent => areText(event?.type, event.data, event.id);
