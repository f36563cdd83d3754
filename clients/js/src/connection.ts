/** A stream of the server, over as many connections as it takes. */

import type { Fold } from "./fold.js";
import { delayOf, type Http, isPassing } from "./http.js";
import { Decoder, type SseEvent } from "./sse.js";

/** Whom the events are for. */
export interface Follower {
  /**
   * Behind which event to go on; null for a stream that begins with a snapshot, "" for one whose events have no ids: who
   * follows it reads at each `live` what it has missed.
   */
  cursor(): string | null;
  take(event: SseEvent): void;
  /** A connection stands. */
  live(): void;
  /** No connection stands, and another is tried soon; why, if it is known. */
  lost(status: "reconnecting" | "offline", why?: Error): void;
  /** Nothing will ever come again: the thread is deleted, or the server refuses for good. */
  ended(why?: Error): void;
  /** What the events make, if another tab may be given it. */
  fold?: Fold;
}

/**
 * Follow a stream until it ends, is refused, or nobody wants it any more.
 *
 * @param path - of the stream, behind `/v1`
 * @param page - tells when the network or the reader comes and goes; none outside of browsers
 * @returns ends it
 */
export type Follow = (http: Http, path: string, to: Follower, page: EventTarget | undefined) => () => void;

/** One connection, as it looks to whoever makes it. */
export interface Line {
  path: string;
  cursor(): string | null;
  /** Aborted once the connection is of no more use. */
  signal: AbortSignal;
  /** Hears from the server, be it no event at all; false if nobody wants to hear more. */
  hear(events: SseEvent[]): boolean;
  /** There need not be another connection. */
  end(why?: Error): void;
  /** Why the connection has ended, if it is known. */
  why?: Error;
  /** Milliseconds that the server wants us to stay away. */
  asked: number;
}

/** Makes a connection and hands on what it brings, to its end; rejects if nobody answers, or no server of ours. */
export type Connect = (http: Http, line: Line) => Promise<void>;

/** Milliseconds without a sign of life after which a stream is dead: the server gives one every 15 seconds. */
const SILENCE = 45_000;
/** The same for one who has slept, and better asks at once. */
const STALE = 20_000;
/** Milliseconds between attempts, at most, unless the server asks for more. */
const LONGEST = 15_000;

/** What a page tells of its network and of being looked at again. */
const SIGNS = ["online", "offline", "pageshow", "visibilitychange"];

/** One connection after another. */
export const following =
  (connect: Connect): Follow =>
  (http, path, to, page) => {
    const life = new AbortController();
    let standing = false;
    let resting = false;
    let offline = false;
    let hurry = false;
    let heard = 0;
    let failed = 0;
    let cut = () => {};

    const run = async () => {
      while (!life.signal.aborted) {
        const control = new AbortController();
        cut = () => control.abort();
        let watch = () => {};
        let told = false;
        standing = hurry = false;
        const look = () => {
          const left = SILENCE - Math.abs(http.now() - heard);
          if (left > 0) watch = http.after(left, look);
          else cut();
        };
        const line: Line = {
          path,
          cursor: to.cursor,
          signal: control.signal,
          end,
          asked: 0,
          hear(events) {
            heard = http.now();
            standing = true;
            offline = false;
            for (const event of events) {
              line.asked = event.retry ?? line.asked;
              // An error says that there are too many viewers, for example; the thread itself is well.
              if (life.signal.aborted || event.type === "error") return false;
              failed = 0;
              to.take(event);
              // In the list of threads it has no id, and is not the end.
              if (event.type === "thread.deleted" && event.id) {
                end();
                return false;
              }
            }
            if (!told && to.cursor() !== null) {
              told = true;
              to.live(); // behind the first event, so that nobody sees a live thread that is empty
            }
            return true;
          },
        };
        heard = http.now();
        look();
        try {
          await connect(http, line);
        } catch (cause) {
          if (!standing) line.why = http.unreachable(cause);
        }
        watch();
        cut(); // also where the connection was left before its end
        if (life.signal.aborted) return;
        lost(line.why);
        const ms = http.pause(failed++, LONGEST, line.asked);
        if (hurry) continue;
        resting = true;
        await new Promise<void>((resolve) => {
          const wake = http.after(ms, resolve);
          cut = () => {
            wake();
            resolve();
          };
        });
        resting = false;
      }
    };

    const lost = (why?: Error) => to.lost(offline ? "offline" : "reconnecting", why);

    const signed = ({ type }: Event) => {
      if (/^o/.test(type)) offline = type === "offline";
      if (offline) lost();
      else if (resting || (!standing && type === "online") || http.now() - heard > STALE) hurry = true;
      else return;
      cut();
    };

    const stop = () => {
      life.abort();
      cut();
    };

    const end = (why?: Error) => {
      if (life.signal.aborted) return;
      stop();
      to.ended(why);
    };

    for (const sign of SIGNS) page?.addEventListener(sign, signed, life);
    void run();
    return stop;
  };

/** Whether an answer is no stream, for reasons that the line is told. */
export async function refuses(http: Http, answer: Response, line: Line): Promise<boolean> {
  const { status, headers, ok } = answer;
  if (status === 204) line.end();
  else if (!ok) {
    line.asked = delayOf(answer);
    line.why = http.refusal(status, await answer.text(), line.asked);
    if (!isPassing(status)) line.end(line.why);
  } else if (/^text\/event-stream/.test(headers.get("Content-Type")!)) return false;
  else throw answer;
  return true;
}

/** Over `fetch`, which sends the token and tells why it is refused. */
export const follow = following(async (http, line) => {
  const { path, cursor, signal, hear } = line;
  const at = cursor();
  const answer = await http.request(path, { headers: at ? { "Last-Event-ID": at } : {}, signal });
  if (await refuses(http, answer, line)) return;
  hear([]);
  const reader = answer.body!.getReader();
  const text = new TextDecoder();
  const decoder = new Decoder();
  for (;;) {
    const { done, value } = await reader.read();
    if (done || !hear(decoder.feed(text.decode(value, { stream: true })))) return;
  }
});
