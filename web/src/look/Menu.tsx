/** A few actions behind one button. */

import { type ReactNode, useId, useRef, useState } from "react";
import styles from "./Menu.module.css";
import { IconButton } from "./Button";

interface MenuProps {
  label: string;
  /** On the button. */
  icon: ReactNode;
  className?: string;
  items: readonly MenuItem[];
}

export interface MenuItem {
  label: string;
  icon: ReactNode;
  danger?: boolean;
  act: () => void;
}

export function Menu({ label, icon, className, items }: MenuProps) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);

  const place = () => {
    const { left, right, bottom, top } = button.current!.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height, style } = menu.current!;
    const below = bottom + 4 + height <= innerHeight;
    style.top = `${below ? bottom + 4 : Math.max(top - 4 - height, 4)}px`;
    style.left = `${Math.max(Math.min(left, innerWidth - width - 8), Math.min(right - width, left))}px`;
  };

  const move = (event: React.KeyboardEvent) => {
    const all = [...menu.current!.querySelectorAll<HTMLElement>("[role=menuitem]")];
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (event.key === "Tab") menu.current!.hidePopover();
    if (event.key === "Escape") event.stopPropagation(); // it closes this, and nothing that lies below
    if (to === undefined) return;
    event.preventDefault();
    all.at(to % all.length)!.focus();
  };

  return (
    <>
      <IconButton
        ref={button}
        label={label}
        {...(className && { className })}
        aria-haspopup="menu"
        aria-expanded={open}
        popoverTarget={id}
      >
        {icon}
      </IconButton>
      <div
        ref={menu}
        id={id}
        role="menu"
        aria-label={label}
        popover="auto"
        className={styles.menu}
        onKeyDown={move}
        onToggle={(event) => {
          const opened = event.newState === "open";
          setOpen(opened);
          if (!opened) return;
          place();
          menu.current!.querySelector<HTMLElement>("[role=menuitem]")?.focus();
        }}
      >
        {items.map((item) => (
          <button
            key={item.label}
            type="button"
            role="menuitem"
            tabIndex={-1}
            className={styles.item}
            data-danger={item.danger}
            onClick={() => {
              menu.current!.hidePopover();
              item.act();
            }}
          >
            {item.icon}
            {item.label}
          </button>
        ))}
      </div>
    </>
  );
}
