/** A link that leaves the page; text, if its address is none that may be followed. */

import type { ReactNode } from "react";
import { followed } from "./addresses";

export function Link({ href, title, children }: { href: string; title?: string | null; children: ReactNode }) {
  const address = followed(href);
  if (!address) return <span title={href}>{children}</span>;
  return (
    <a href={address} title={title ?? undefined} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  );
}
