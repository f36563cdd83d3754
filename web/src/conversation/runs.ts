/** How far runs are. */

import type { Run } from "livethread";

const ACTIVE: readonly string[] = ["queued", "in_progress", "requires_action", "cancelling"];
const WRONG: readonly string[] = ["failed", "incomplete", "expired"];

/** Whether a run has not ended. */
export const isActive = (run: Run): boolean => ACTIVE.includes(run.status);

/** Whether it has ended without what was asked for, and may be tried again. */
export const isWrong = (run: Run): boolean => WRONG.includes(run.status);

/** Those of the assistants whose newest run has not brought an answer. */
export const failedOf = (ids: readonly string[], runs: readonly Run[]): ReadonlySet<string> =>
  new Set(ids.filter((id) => ["failed", "expired"].includes(runs.find((run) => run.assistant_id === id)?.status ?? "")));
