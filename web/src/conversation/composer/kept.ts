/** What a browser keeps of a composer, thread by thread. */

import { type Kept, kept } from "../../app/kept";

/** Longer drafts would fill the browser's storage; they hold as long as the page. */
const LONGEST = 100_000;

/** What is written and not sent. */
export const draftIn = (of: string): Kept<string> =>
  kept(
    `draft.${of}`,
    (text) => text ?? "",
    (text) => (text && text.length <= LONGEST ? text : null),
  );

/** Who shall answer: null until somebody was chosen, in this thread or, last, in any. */
export function chosenIn(of: string): Kept<string[] | null> {
  const here = choice(`assistants.${of}`);
  const anywhere = choice("assistants");
  return {
    ...here,
    get: () => here.get() ?? anywhere.get(),
    set(now) {
      here.set(now);
      anywhere.set(now);
    },
  };
}

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
