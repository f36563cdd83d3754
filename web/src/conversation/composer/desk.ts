/** What is written in a thread and not with the server yet; it outlives the composer, as one may go to another thread meanwhile. */

import { ApiError, Unreachable } from "livethread";
import { newKey } from "../../app/newKey";
import { tell } from "../../app/Toast";
import { draftIn, LONGEST } from "./kept";

/** Resolves once the server has it; `key` is the same where it is the same message as the time before. */
export type Send = (text: string, assistants: string[], key: string) => Promise<unknown>;

/** A message that was not sent. */
export interface Unsent {
  text: string;
  assistants: string[];
  key: string;
  /** `away`: nobody answers; `long`: it is too long to be sent at all; `refused`: the server does not want it. */
  why: "away" | "long" | "refused";
  reason: string;
  /** Whether that is still to be told: not once it is written on. */
  told: boolean;
}

interface Written {
  readonly text: string;
  readonly unsent: Unsent | null;
}

/** Characters of a message, as the server has it. */
const MOST = 256_000;

/** Those that somebody writes on, or that have something on its way. */
const desks = new Map<string, Desk>();

/** That of a thread, or of whatever else has a draft. */
export function deskOf(of: string): Desk {
  const desk = desks.get(of) ?? new Desk(of);
  desks.set(of, desk);
  return desk;
}

export class Desk {
  readonly #of: string;
  readonly #draft;
  readonly #listeners = new Set<() => void>();
  #written: Written;
  /** What the server does not have yet: it is kept until it has, whatever becomes of the page. */
  #underway: string[] = [];
  #unfollow = () => {};

  constructor(of: string) {
    this.#of = of;
    this.#draft = draftIn(of);
    this.#written = { text: this.#draft.get(), unsent: null };
  }

  readonly get = (): Written => this.#written;

  readonly subscribe = (listener: () => void): (() => void) => {
    if (!this.#listeners.size) this.#unfollow = this.#draft.subscribe(this.#elsewhere);
    this.#listeners.add(listener);
    desks.set(this.#of, this);
    return () => {
      this.#listeners.delete(listener);
      if (!this.#listeners.size) this.#unfollow();
      this.#clear();
    };
  };

  write(text: string): void {
    this.#put({ text, unsent: this.#quiet() });
  }

  /** Write something behind what is written. */
  add(text: string): void {
    this.write(joined([this.#written.text, text]));
  }

  /** What is written is no more wanted here. */
  empty(): void {
    this.#put({ text: "", unsent: null });
  }

  /** Tell no more of what was not sent. */
  dismiss(): void {
    this.#put({ ...this.#written, unsent: this.#quiet() });
  }

  /**
   * Send what is written.
   *
   * @returns what `send` resolves with; undefined where it is not sent, and written here again
   */
  async send(send: Send, assistants: string[]): Promise<unknown> {
    const { text, unsent } = this.#written;
    const again = unsent?.text === text && `${unsent.assistants}` === `${assistants}`;
    const message = { text, assistants, key: again ? unsent.key : newKey() };
    const length = lengthOf(text);
    if (length > MOST) {
      const reason = `It has ${length.toLocaleString()} characters; a message has at most ${MOST.toLocaleString()}.`;
      return this.#put({ text, unsent: { ...message, why: "long", reason, told: true } });
    }
    this.#underway = [...this.#underway, text];
    this.#put({ text: "", unsent: null });
    try {
      const sent = await send(text, assistants, message.key);
      this.#arrived(text);
      this.#put(this.#written);
      return sent;
    } catch (error) {
      this.#arrived(text);
      const why = isAway(error) ? "away" : "refused";
      // What was written meanwhile stays, behind it, and what was sent before it and is back stays in front.
      const { text: now, unsent: before } = this.#written;
      const front = before?.told && now.startsWith(before.text) ? before.text : "";
      this.#put({
        text: joined([front, text, now.slice(front.length).trimStart()]),
        unsent: { ...message, why, reason: (error as Error).message, told: true },
      });
      if (!this.#listeners.size) tell(isGone(error) ? GONE : "A message of yours was not sent. It stands where you wrote it.");
      return undefined;
    } finally {
      this.#clear();
    }
  }

  #put(now: Written): void {
    this.#written = now;
    this.#draft.set(this.#whole());
    for (const listener of this.#listeners) listener();
  }

  #whole = (): string => joined([...this.#underway, this.#written.text]);

  #quiet(): Unsent | null {
    const { unsent } = this.#written;
    return unsent && { ...unsent, told: false };
  }

  #arrived(text: string): void {
    this.#underway = this.#underway.toSpliced(this.#underway.indexOf(text), 1);
  }

  /** Another tab has written: this one shows the same, unless one writes in it. */
  #elsewhere = () => {
    const text = this.#draft.get();
    if (text === this.#whole() || this.#underway.length || this.#written.unsent || document.hasFocus()) return;
    this.#written = { text, unsent: null };
    for (const listener of this.#listeners) listener();
  };

  #clear(): void {
    const { text, unsent } = this.#written;
    const idle = !this.#listeners.size && !this.#underway.length && !unsent && text.length <= LONGEST;
    if (idle && desks.get(this.#of) === this) desks.delete(this.#of);
  }
}

/** Whether nobody has answered, or only what stands before a server that is away. */
const isAway = (error: unknown): boolean =>
  error instanceof Unreachable || (error instanceof ApiError && [502, 503, 504].includes(error.status));

const isGone = (error: unknown): boolean =>
  error instanceof ApiError && error.status === 404 && error.message.startsWith("No thread found");

const GONE = "A message of yours was not sent: its thread is no longer here. Go back to it to take the text.";

/** In code points, as the server counts; it takes a moment where there are many. */
function lengthOf(text: string): number {
  if (text.length <= MOST) return text.length;
  let length = 0;
  for (const _ of text) length++;
  return length;
}

const joined = (texts: string[]): string => texts.filter((text) => text.trim()).join("\n\n");
