/** Tells others that a person types: often enough that it does not lapse, and seldom enough to cost nothing. */

/** Milliseconds; with the server it lapses after 5,000. */
const REPEATED = 3_000;
const LAPSES = 5_000;

export class TypingSignal {
  /** Is called with whether the person types. */
  tell: ((typing: boolean) => void) | undefined;
  readonly #now: () => number;
  #told = Number.NEGATIVE_INFINITY;

  /** @param now - milliseconds */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Another text is there. */
  typed(any: boolean): void {
    if (!any) return this.stop();
    const now = this.#now();
    if (now - this.#told < REPEATED) return;
    this.#told = now;
    this.tell?.(true);
  }

  /** Nobody types any more: it was sent, taken back or left. */
  stop(): void {
    const still = this.#now() - this.#told < LAPSES;
    this.#told = Number.NEGATIVE_INFINITY;
    if (still) this.tell?.(false);
  }
}
