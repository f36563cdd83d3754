/** The stream of one thread, over as many connections as it takes. */

import { delayOf, type Http, isPassing, refusal } from "./http.js";
import { Decoder, type SseEvent } from "./sse.js";

/** Whom the events are for. */
export interface Follower {
  /** Behind which event to go on; null for a stream that begins with a snapshot. */
  cursor(): string | null;
  take(event: SseEvent): void;
  /** A connection stands. */
  live(): void;
  /** No connection stands, and another is tried soon; why, if it is known. */
  lost(status: "reconnecting" | "offline", why?: Error): void;
  /** Nothing will ever come again: the thread is deleted, or the server refuses for good. */
  ended(why?: Error): void;
}

/** Milliseconds without a sign of life after which a stream is dead: the server gives one every 15 seconds. */
const SILENCE = 45_000;
/** The same for one who has slept, and better asks at once. */
const STALE = 20_000;
/** Milliseconds between attempts, at most, unless the server asks for more. */
const LONGEST = 15_000;

/** What a page tells of its network and of being looked at again. */
const SIGNS = ["online", "offline", "pageshow", "visibilitychange"];

/**
 * Follow a thread until it is deleted, refused, or nobody wants it any more.
 *
 * @param path - of the stream, behind `/v1`
 * @param page - tells when the network or the reader comes and goes; none outside of browsers
 * @returns ends it
 */
export function follow(http: Http, path: string, to: Follower, page: EventTarget | undefined): () => void {
  const life = new AbortController();
  let standing = false;
  let resting = false;
  let offline = false;
  let hurry = false;
  let heard = 0;
  let failed = 0;
  let cut = () => {};

  /** One connection, to its end: the milliseconds that the server wants us to stay away, and why it has ended. */
  const attempt = async (): Promise<[asked: number, why?: Error]> => {
    const control = new AbortController();
    cut = () => control.abort();
    let watch = () => {};
    let asked = 0;
    const sign = () => {
      heard = http.now();
      watch();
      watch = http.after(SILENCE, () => control.abort());
    };
    sign();
    try {
      const cursor = to.cursor();
      const answer = await http.request(path, {
        headers: cursor ? { "Last-Event-ID": cursor } : {},
        signal: control.signal,
      });
      if (answer.status === 204) return end();
      if (!answer.ok) {
        const why = refusal(answer.status, await answer.text());
        return isPassing(answer.status) ? [delayOf(answer), why] : end(why);
      }
      if (!/^text\/event-stream/.test(answer.headers.get("Content-Type")!)) throw answer;
      standing = true;
      offline = false;
      let told = false;
      const reader = answer.body!.getReader();
      const text = new TextDecoder();
      const decoder = new Decoder();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return [asked];
        sign();
        for (const event of decoder.feed(text.decode(value, { stream: true }))) {
          asked = event.retry ?? asked;
          // An error says that there are too many viewers, for example; the thread itself is well.
          if (life.signal.aborted || event.type === "error") return [asked];
          failed = 0;
          to.take(event);
          if (event.type === "thread.deleted") return end();
        }
        if (!told && to.cursor()) {
          told = true;
          to.live(); // behind the first event, so that nobody sees a live thread that is empty
        }
      }
    } catch (cause) {
      return [asked, standing ? undefined : http.unreachable(cause)];
    } finally {
      watch();
      control.abort(); // also where we leave before the end
    }
  };

  const run = async () => {
    for (; !life.signal.aborted; hurry = false) {
      standing = false;
      const [asked, why] = await attempt();
      if (life.signal.aborted) return;
      lost(why);
      const ms = http.pause(failed++, LONGEST, asked);
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

  const end = (why?: Error): [number] => {
    if (!life.signal.aborted) {
      stop();
      to.ended(why);
    }
    return [0];
  };

  for (const sign of SIGNS) page?.addEventListener(sign, signed, life);
  void run();
  return stop;
}
