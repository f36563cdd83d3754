/** The title of the document. */

import { useEffect, useState } from "react";
import { useHidden } from "./useHidden";

/**
 * It follows what is shown, with a point before it when an answer has come while nobody was looking.
 *
 * @param title - of what is shown
 * @param thread_id - of which thread
 * @param answer - the newest one that has ended, null if none has; undefined before that is known
 */
export function useTitle(title: string | null, thread_id: string | null, answer: string | null | undefined): void {
  const [seen, setSeen] = useState({ thread_id, answer });
  const hidden = useHidden();
  const looking = !hidden || seen.thread_id !== thread_id || seen.answer === undefined;
  if (looking && (seen.thread_id !== thread_id || seen.answer !== answer)) setSeen({ thread_id, answer });
  const news = !looking && typeof answer === "string" && seen.answer !== answer;
  useEffect(() => {
    document.title = `${news ? "• " : ""}${title ? `${title} – ` : ""}Livethread`;
  }, [news, title]);
}
