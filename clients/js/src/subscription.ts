/** One thread that is followed over Socket.IO, whatever becomes of the sockets. */

import type { Follower } from "./connection.js";
import { type ApiError, type Http, isPassing } from "./http.js";

/** As much of a socket as it takes to say something. */
export interface Wire {
  emit(event: string, ...said: any[]): unknown;
}

/** What `subscribe` carries, but for the cursor. */
export interface Asked {
  thread_id: string;
  name?: string;
  user_id?: string;
  limit?: number;
  snapshot?: boolean;
}

/** How `subscribe` is acknowledged. */
export interface Answer {
  verdict: "tail" | "snapshot" | "error";
  ended?: boolean;
  status?: number;
  error?: ApiError;
}

/** What `thread.event` carries. */
export interface Said {
  thread_id: string;
  id: string | null;
  event: string;
  data: unknown;
}

/** Milliseconds between attempts, at most, where the server has no place. */
const LONGEST = 15_000;
/**
 * Characters that are taken in before the server is told so. On the wire one may be six bytes, and the server tells no
 * more than 64 KB ahead.
 */
const APART = 8 * 1024;
/** Milliseconds after which it is told all the same. */
const QUIET = 1_000;

export class Subscription {
  #wire: Wire | undefined;
  #live = false;
  #failed = 0;
  /** What is held, as the server has not been told yet. */
  #taken = 0;
  #acknowledging: (() => void) | undefined;
  #resting = () => {};

  /** @param over - is told when nothing will ever come again */
  constructor(
    private readonly http: Http,
    readonly asked: Asked,
    private readonly to: Follower,
    private readonly over: () => void,
  ) {}

  /** A connection stands, on which nothing is told of the thread yet. */
  begin(wire: Wire): void {
    const cursor = this.to.cursor();
    this.#forget();
    this.#wire = wire;
    wire.emit("subscribe", { ...this.asked, ...(cursor && { cursor }) }, (answer: Answer) => {
      if (wire === this.#wire) this.#answered(answer);
    });
  }

  /** The server says something. */
  take({ id, event, data }: Said): void {
    if (!this.#wire) return;
    const { to } = this;
    const text = JSON.stringify(data);
    this.#failed = 0;
    to.take({ type: event, data: text, id: id ?? to.cursor() ?? "" });
    if (event === "thread.deleted") return this.end();
    this.#look();
    if (id) this.#count(text.length);
  }

  /** The server has let go: ask anew, after a pause. */
  again(why?: Error): void {
    const wire = this.#wire;
    if (!wire) return;
    this.lost("reconnecting", why);
    this.#resting = this.http.after(this.http.pause(this.#failed++, LONGEST), () => this.begin(wire));
  }

  /** The connection is no more. */
  lost(status: "reconnecting" | "offline", why?: Error): void {
    this.stop();
    this.to.lost(status, why);
  }

  /** Nothing will ever come again. */
  end(why?: Error): void {
    this.stop();
    this.over();
    this.to.ended(why);
  }

  /** Hear no more; whether the server was asked for it, and may still tell. */
  stop(): boolean {
    const asked = !!this.#wire;
    this.#forget();
    this.#wire = undefined;
    return asked;
  }

  #answered({ verdict, ended, status = 500, error }: Answer): void {
    if (verdict === "error") {
      const why = this.http.refusal(status, JSON.stringify({ error }));
      if (isPassing(status)) this.again(why);
      else this.end(why);
    } else if (ended) this.end();
    else this.#look();
  }

  /** Tell that it is live, behind the first event, so that nobody sees a live thread that is empty. */
  #look(): void {
    if (this.#live || !this.#wire || this.to.cursor() === null) return;
    this.#live = true;
    this.to.live();
  }

  #count(characters: number): void {
    this.#taken += characters;
    if (!this.#wire) return;
    if (this.#taken >= APART) this.#acknowledge();
    else this.#acknowledging ??= this.http.after(QUIET, () => this.#acknowledge());
  }

  #acknowledge(): void {
    this.#acknowledging?.();
    this.#acknowledging = undefined;
    this.#taken = 0;
    this.#wire?.emit("ack", { thread_id: this.asked.thread_id, id: this.to.cursor() });
  }

  #forget(): void {
    this.#acknowledging?.();
    this.#acknowledging = undefined;
    this.#resting();
    this.#live = false;
    this.#taken = 0;
  }
}
