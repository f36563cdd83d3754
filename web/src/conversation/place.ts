/**
 * Where a reader is in what scrolls. At its end they stay at the end, whatever comes; anywhere else what they read stays
 * where it is, whatever changes above or below it.
 */

/** Pixels from the end that are still the end. */
const NEAR = 24;
/** So deep is looked for what the reader reads. */
const DEPTH = 8;
/** The depth of an entry, in a chunk, in a section: these two get older entries in front of those they have. */
const ENTRY = 2;
const MESSAGE = "[data-message-id]";

/** A message that somebody reads, and how many pixels it begins below the top of what scrolls. */
export interface Reading {
  readonly id: string;
  readonly top: number;
}

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
  #prints = false;
  /** How far it was scrolled when we looked last. */
  #top = 0;
  /** The first entry then, and how far below the top of everything. */
  #first: Held | undefined;
  /** What stands at the top of the view, and what that is in; the innermost first. */
  #held: Held[] = [];
  /** Where to go as soon as any message is there. */
  #back: Reading | null;

  /**
   * @param scroller - what scrolls
   * @param content - the only thing in it that has a size, its children below each other
   * @param onFollow - told when the reader leaves the end, and when they are back
   * @param back - where they were when they left; null at the end
   */
  constructor(scroller: HTMLElement, content: HTMLElement, onFollow: (follows: boolean) => void, back: Reading | null = null) {
    this.#scroller = scroller;
    this.#content = content;
    this.#onFollow = onFollow;
    this.#back = back;
    this.#sizes = new ResizeObserver(this.#settle);
    this.#sizes.observe(content);
    this.#sizes.observe(scroller);
    scroller.addEventListener("scroll", this.#scrolled, { passive: true });
    addEventListener("beforeprint", this.#printed);
    addEventListener("afterprint", this.#printed);
    this.#settle();
  }

  /** Go to the end, and stay there. */
  toEnd(): void {
    this.#back = null;
    this.#follow(true);
    this.#settle();
  }

  /** What the reader reads now; null at the end. */
  reading(): Reading | null {
    const held = this.#held.find(({ element }) => element.isConnected)?.element;
    if (!held) return this.#back;
    const isNext = (one: Element) => !!(held.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING) && one.getBoundingClientRect().height > 0;
    const message = held.closest(MESSAGE) ?? [...this.#content.querySelectorAll(MESSAGE)].find(isNext);
    return message ? { id: message.getAttribute("data-message-id")!, top: this.#topOf(message) } : null;
  }

  end(): void {
    this.#sizes.disconnect();
    this.#scroller.removeEventListener("scroll", this.#scrolled);
    removeEventListener("beforeprint", this.#printed);
    removeEventListener("afterprint", this.#printed);
  }

  /** On paper nothing scrolls; who comes back from there is where they were. */
  #printed = ({ type }: Event): void => {
    this.#prints = type === "beforeprint";
    if (this.#prints) return;
    this.#scroller.scrollTop = this.#top;
    this.#settle();
  };

  #scrolled = (): void => {
    if (this.#prints) return;
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    const near = scrollHeight - clientHeight - scrollTop <= NEAR;
    const moved = scrollTop - this.#top;
    // Text that has come since the last frame takes the end away from under a reader who has not moved.
    if (near || moved < -1) this.#follow(near);
    this.#top = scrollTop;
    if (this.#follows) return;
    this.#shift(moved);
    this.#settle();
  };

  /** What else has changed since we looked was not there when the reader moved, and is settled as if they had moved before. */
  #shift(moved: number): void {
    const first = this.#first;
    if (this.#held.length && Math.abs(moved) < this.#scroller.clientHeight) {
      this.#held = this.#held.map(({ element, top }) => ({ element, top: top - moved }));
    } else if (first?.element.isConnected && first.element !== this.#firstEntry()?.element) {
      this.#held = [{ element: first.element, top: first.top - this.#top }]; // far away, as at the very top
    } else {
      this.#held = [];
    }
  }

  #follow(follows: boolean): void {
    if (follows === this.#follows) return;
    this.#follows = follows;
    this.#onFollow(follows);
  }

  /** Something has another size, and is not painted yet. */
  #settle = (): void => {
    if (this.#prints) return;
    if (this.#back) this.#goBack(this.#back);
    const scroller = this.#scroller;
    if (this.#follows) {
      scroller.scrollTop = scroller.scrollHeight;
      this.#held = [];
    } else {
      const held = this.#held.find(({ element }) => element.isConnected);
      if (held) {
        const moved = this.#topOf(held.element) - held.top;
        if (Math.abs(moved) >= 1) scroller.scrollTop += moved;
      }
      this.#hold();
    }
    this.#top = scroller.scrollTop;
    this.#first = this.#firstEntry();
  };

  /** To a message that is not there any more, or not yet again, nobody goes back. */
  #goBack({ id, top }: Reading): void {
    const all = [...this.#content.querySelectorAll(MESSAGE)];
    if (!all.length) return;
    this.#back = null;
    const element = all.find((message) => message.getAttribute("data-message-id") === id);
    if (!element) return;
    this.#follow(false);
    this.#held = [{ element, top }];
  }

  /** Where it stands is asked of the section, which is laid out even while nobody sees it. */
  #firstEntry(): Held | undefined {
    const section = [...this.#content.children].find((child) => !child.matches("[data-above-all]"));
    const element = section?.firstElementChild?.firstElementChild;
    return section && element ? { element, top: this.#topOf(section) + this.#scroller.scrollTop } : undefined;
  }

  #hold(): void {
    this.#held = this.#readIn(this.#content, 0);
  }

  /** What the reader reads in an element, and what that is in; nothing if all in it ends above the view. */
  #readIn(within: Element, depth: number): Held[] {
    for (let element = this.#firstInView(within.children); element; element = element.nextElementSibling) {
      // What stays above all messages is no place among them: older ones come below it. Nor is a name that stays in view.
      if (element.matches("[data-above-all], header")) continue;
      const held = { element, top: this.#topOf(element) };
      if (depth >= ENTRY && (held.top >= 0 || depth === DEPTH)) return [held];
      const inside = this.#readIn(element, depth + 1);
      if (inside.length || depth >= ENTRY) return [...inside, held];
      // Sections and chunks that nobody has seen have a size that is only guessed, and may end earlier.
    }
    return [];
  }

  /** The first that does not end above the view, by halves, as they stand below each other. */
  #firstInView(elements: HTMLCollection): Element | null {
    let from = 0;
    let to = elements.length;
    while (from < to) {
      const half = (from + to) >> 1;
      if (this.#topOf(elements[half]!) + elements[half]!.getBoundingClientRect().height <= 0) from = half + 1;
      else to = half;
    }
    return elements[from] ?? null;
  }

  #topOf(element: Element): number {
    return element.getBoundingClientRect().top - this.#scroller.getBoundingClientRect().top;
  }
}
