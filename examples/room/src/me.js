/** Who sits before this browser; kept, so that a reload neither asks again nor makes somebody else of them. */

const KEPT_AT = "livethread.room.me";

export const SHORTEST = 3;
export const LONGEST = 64; // as the server has it

/** A nickname on one line: without blanks around it, and without marks that would turn the text around it. */
export const tidy = (name) => name.replace(/[\s\p{Cc}\p{Cs}\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, " ").trim();

export const isNickname = (name) => {
  const { length } = [...tidy(name)];
  return length >= SHORTEST && length <= LONGEST;
};

/** `{user_id, name}`, or null before they have said who they are. */
export function kept() {
  try {
    const { user_id, name } = JSON.parse(localStorage.getItem(KEPT_AT));
    return typeof user_id === "string" && isNickname(name) ? { user_id, name } : null;
  } catch {
    return null; // nothing is kept here, or nothing of ours
  }
}

/** The same person by another name; at first somebody new. */
export function named(name, before) {
  const me = { user_id: before?.user_id ?? newUserId(), name: tidy(name) };
  try {
    localStorage.setItem(KEPT_AT, JSON.stringify(me));
  } catch {
    // a browser that keeps nothing asks again after a reload
  }
  return me;
}

/** Unlike `crypto.randomUUID` this works without https, too. */
export const newId = () =>
  [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

const newUserId = () => `user_${newId()}`;
