/** Give the focus to what is no control, as when the button that had it goes. */
export function focusOn(element: HTMLElement): void {
  element.tabIndex = -1;
  element.focus({ preventScroll: true });
}
