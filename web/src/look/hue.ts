/** The colour of a person or an assistant: the same in every browser, since it is made of the id. */

import type { CSSProperties } from "react";

/** Degrees on the wheel of colours, in steps that the eye tells apart. */
export function hueOf(id: string): number {
  let hash = 2166136261;
  for (let at = 0; at < id.length; at++) hash = Math.imul(hash ^ id.charCodeAt(at), 16777619);
  return ((hash >>> 8) % 18) * 20;
}

/** What makes `--face` and `--on-face` this id's own; see tokens.css. */
export const hued = (id: string): CSSProperties => ({ "--hue": hueOf(id) }) as CSSProperties;
