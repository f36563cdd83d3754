/**
 * Tells when an element is rendered for the first time: what is far from view (content-visibility), or folded away, is not.
 *
 * An IntersectionObserver would be asked about each of them in every frame.
 */

const waiting = new Map<Element, () => void>();

/** @returns what ends the waiting */
export function whenRendered(element: Element, then: () => void): () => void {
  if (isRendered(element)) then();
  else {
    if (!waiting.size) listen();
    waiting.set(element, then);
  }
  return () => {
    waiting.delete(element);
  };
}

const isRendered = (element: Element) => element.checkVisibility?.({ contentVisibilityAuto: true }) ?? true;

function listen(): void {
  document.addEventListener("contentvisibilityautostatechange", come, true);
  document.addEventListener("toggle", come, true);
}

function come({ target }: Event): void {
  for (const [element, then] of waiting) {
    if (!(target as Element).contains(element) || !isRendered(element)) continue;
    waiting.delete(element);
    then();
  }
}
