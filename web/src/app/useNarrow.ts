/** Whether the list has no room beside the conversation. */

import { useSyncExternalStore } from "react";

/** As in the style sheets. */
const query = window.matchMedia("(max-width: 799px), (max-height: 500px)");

export const useNarrow = (): boolean => useSyncExternalStore(subscribe, () => query.matches);

function subscribe(listener: () => void): () => void {
  query.addEventListener("change", listener);
  return () => query.removeEventListener("change", listener);
}
