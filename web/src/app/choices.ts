/** The reader's choices that this browser keeps, besides the nickname. */

import { kept } from "./kept";

export type Theme = "system" | "light" | "dark";

export const theme = kept<Theme>(
  "theme",
  (text) => (text === "light" || text === "dark" ? text : "system"),
  (value) => (value === "system" ? null : value),
);

/** Keep the colours of the page as they were chosen: tokens.css looks at this. */
export function wear(page: HTMLElement): void {
  const put = () => {
    const chosen = theme.get();
    if (chosen === "system") delete page.dataset.theme;
    else page.dataset.theme = chosen;
  };
  put();
  theme.subscribe(put);
}

/** Whether answers show while they are written, or once they are whole. */
export const streaming = kept<boolean>(
  "streaming",
  (text) => text !== "off",
  (value) => (value ? null : "off"),
);

/** The server's key, where it asks for one; empty without. */
export const apiKey = kept<string>(
  "key",
  (text) => text ?? "",
  (value) => value || null,
);
