/** What a browser keeps of a composer, thread by thread. */

import { type Kept, kept } from "../../app/kept";

/** Longer drafts would fill the browser's storage; they hold as long as the page. */
export const LONGEST = 100_000;

/** What is written and not sent. */
export const draftIn = (of: string): Kept<string> =>
  kept(
    `draft.${of}`,
    (text) => text ?? "",
    (text) => (text && text.length <= LONGEST ? text : null),
  );

/** Where a new thread is written. */
export const NEW = "new";

/** Who shall answer: null until somebody was chosen there. */
export const chosenIn = (of: string): Kept<string[] | null> => choice(of === NEW ? "assistants" : `assistants.${of}`);

const choice = (name: string): Kept<string[] | null> =>
  kept<string[] | null>(
    name,
    (text) => {
      try {
        const ids: unknown = JSON.parse(text ?? "null");
        return Array.isArray(ids) ? ids.filter((id) => typeof id === "string") : null;
      } catch {
        return null;
      }
    },
    (ids) => ids && JSON.stringify(ids),
  );
