/** Whether nobody can see the page. */

import { useSyncExternalStore } from "react";

export const useHidden = (): boolean => useSyncExternalStore(subscribe, () => document.hidden);

function subscribe(listener: () => void): () => void {
  document.addEventListener("visibilitychange", listener);
  return () => document.removeEventListener("visibilitychange", listener);
}
