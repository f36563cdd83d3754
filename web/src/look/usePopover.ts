/** What opens over the page beside the button that it belongs to. */

import { type RefObject, type ToggleEvent, useId, useRef, useState } from "react";

/**
 * @param onOpen - called once it is open and in its place
 * @returns what its button and its box are given
 */
export function usePopover<T extends HTMLElement>(onOpen: (box: T) => void) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const box = useRef<T>(null);
  const [open, setOpen] = useState(false);
  const onToggle = (event: ToggleEvent<T>) => {
    const opened = event.newState === "open";
    setOpen(opened);
    if (!opened) return;
    place(button, box);
    onOpen(box.current!);
  };
  return {
    button: { ref: button, popoverTarget: id, "aria-expanded": open },
    box: { ref: box, id, popover: "auto" as const, onToggle },
  };
}

/** Below the button if there is room, and never outside the page. */
function place(button: RefObject<HTMLElement | null>, box: RefObject<HTMLElement | null>): void {
  const { left, right, bottom, top } = button.current!.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height, style } = box.current!;
  const below = bottom + 4 + height <= innerHeight;
  style.top = `${below ? bottom + 4 : Math.max(top - 4 - height, 4)}px`;
  style.left = `${Math.max(Math.min(left, innerWidth - width - 8), Math.min(right - width, left))}px`;
}
