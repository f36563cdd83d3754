/** Who sits before the page. Nobody proves a name: it is a name tag. */

import { kept } from "./kept";

export interface Me {
  readonly user_id: string;
  readonly name: string;
}

export const SHORTEST = 3;
/** As the server has it. */
export const LONGEST = 64;

/** Blanks around a name are no part of it, and those within are one each. */
export const trimmed = (name: string): string => name.trim().replace(/\s+/gu, " ");

/** Why a nickname cannot be taken, as a sentence; null if it can. */
export function whyNot(name: string): string | null {
  const length = [...trimmed(name)].length;
  // Blanks that nobody sees, and marks that turn the text around it; joiners belong to some scripts and to emoji.
  if (/[\p{Cc}\p{Cs}\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/u.test(trimmed(name))) return "A nickname has no control characters.";
  if (length === 0) return `Choose a nickname of at least ${SHORTEST} characters.`;
  if (length < SHORTEST) {
    const missing = SHORTEST - length;
    return `${missing} more ${missing === 1 ? "character" : "characters"}, please: a nickname has at least ${SHORTEST}.`;
  }
  if (length > LONGEST) return `${length - LONGEST} too many: a nickname has at most ${LONGEST} characters.`;
  return null;
}

/** Another person for every browser; unlike `crypto.randomUUID` this works without https, too. */
export const newUserId = (): string =>
  `user_${[...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;

/** The person of this browser; null until they have said who they are. */
export const person = kept<Me | null>(
  "person",
  (text) => {
    try {
      const { user_id, name } = JSON.parse(text ?? "null") ?? {};
      return typeof user_id === "string" && /^\S{1,64}$/.test(user_id) && !whyNot(`${name ?? ""}`)
        ? { user_id, name: trimmed(name) }
        : null;
    } catch {
      return null;
    }
  },
  (me) => me && JSON.stringify(me),
);
