/** A few actions behind one button. */

import type { ReactNode } from "react";
import { createPortal } from "react-dom";
import { IconButton } from "./Button";
import styles from "./Menu.module.css";
import { usePopover } from "./usePopover";

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
  const { button, box } = usePopover<HTMLDivElement>((menu) => menu.querySelector<HTMLElement>("[role=menuitem]")?.focus());
  const menu = box.ref;

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
        label={label}
        {...(className && { className })}
        aria-haspopup="menu"
        {...button}
      >
        {icon}
      </IconButton>
      {/* Not beside its button: what moves to another place in its list is taken out for a moment, and that would shut it. */}
      {createPortal(
        <div
          role="menu"
          aria-label={label}
          className={styles.menu}
          onKeyDown={move}
          {...box}
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
        </div>,
        document.body,
      )}
    </>
  );
}
