/**
 * Where a reader is in what scrolls. At its end they stay at the end, whatever comes; anywhere else what they read stays
 * where it is, whatever changes above or below it.
 */

/** Pixels from the end that are still the end. */
const NEAR = 24;
/** So deep is looked for what the reader reads. */
const DEPTH = 8;

interface Held {
  element: Element;
  /** Pixels from the top of what scrolls. */
  top: number;
}

export class Place {
  readonly #scroller: HTMLElement;
  readonly #content: HTMLElement;
  readonly #onFollow: (follows: boolean) => void;
  readonly #sizes: ResizeObserver;
  #follows = true;
  /** How far it was scrolled when we looked last, and how long it was. */
  #top = 0;
  #height = 0;
  /** What stands at the top of the view, and what that is in; the innermost first. */
  #held: Held[] = [];

  /**
   * @param scroller - what scrolls
   * @param content - the only thing in it that has a size, its children below each other
   * @param onFollow - told when the reader leaves the end, and when they are back
   */
  constructor(scroller: HTMLElement, content: HTMLElement, onFollow: (follows: boolean) => void) {
    this.#scroller = scroller;
    this.#content = content;
    this.#onFollow = onFollow;
    this.#sizes = new ResizeObserver(this.#settle);
    this.#sizes.observe(content);
    this.#sizes.observe(scroller);
    scroller.addEventListener("scroll", this.#scrolled, { passive: true });
    this.#settle();
  }

  /** Go to the end, and stay there. */
  toEnd(): void {
    this.#follow(true);
    this.#settle();
  }

  end(): void {
    this.#sizes.disconnect();
    this.#scroller.removeEventListener("scroll", this.#scrolled);
  }

  #scrolled = (): void => {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    const near = scrollHeight - clientHeight - scrollTop <= NEAR;
    const moved = scrollTop - this.#top;
    // Text that has come since the last frame takes the end away from under a reader who has not moved.
    if (near || moved < -1) this.#follow(near);
    this.#top = scrollTop;
    if (this.#follows) return;
    // What has changed since we looked is settled in a moment, and was not there when the reader moved.
    if (scrollHeight === this.#height) this.#hold();
    else this.#held = this.#held.map(({ element, top }) => ({ element, top: top - moved }));
  };

  #follow(follows: boolean): void {
    if (follows === this.#follows) return;
    this.#follows = follows;
    this.#onFollow(follows);
  }

  /** Something has another size, and is not painted yet. */
  #settle = (): void => {
    const scroller = this.#scroller;
    if (this.#follows) {
      scroller.scrollTop = scroller.scrollHeight;
      const last = this.#content.lastElementChild;
      this.#held = last ? [{ element: last, top: this.#topOf(last) }] : [];
    } else {
      const held = this.#held.find(({ element }) => element.isConnected);
      if (held) {
        const moved = this.#topOf(held.element) - held.top;
        if (Math.abs(moved) >= 1) scroller.scrollTop += moved;
      }
      this.#hold();
    }
    this.#top = scroller.scrollTop;
    this.#height = scroller.scrollHeight;
  };

  #hold(): void {
    const chain: Held[] = [];
    let within: Element = this.#content;
    for (let depth = 0; depth < DEPTH; depth++) {
      const element = this.#firstInView(within.children);
      if (!element) break;
      const top = this.#topOf(element);
      chain.unshift({ element, top });
      if (top >= 0) break; // it begins in the view
      within = element;
    }
    this.#held = chain;
  }

  /** The first that does not end above the view, by halves, as they stand below each other. */
  #firstInView(elements: HTMLCollection): Element | undefined {
    let from = 0;
    let to = elements.length;
    while (from < to) {
      const half = (from + to) >> 1;
      if (this.#topOf(elements[half]!) + elements[half]!.getBoundingClientRect().height <= 0) from = half + 1;
      else to = half;
    }
    return elements[from];
  }

  #topOf(element: Element): number {
    return element.getBoundingClientRect().top - this.#scroller.getBoundingClientRect().top;
  }
}
