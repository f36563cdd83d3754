"use client";
/** Threads in React, 18 and newer: components render the state of a thread, and are rendered again when it changes. */

import { useEffect, useMemo, useSyncExternalStore } from "react";
import { activeOf, boundThread, type ThreadCalls, UNKNOWN } from "./bound.js";
import type { Run, ThreadState } from "./index.js";
import { type ListState, listOf, type ThreadList, UNKNOWN as UNKNOWN_LIST } from "./list.js";
import { contentOf, type Shared, shared, toolNames, toolsOf, type UseOptions } from "./shared.js";

export type { ThreadCalls } from "./bound.js";
export type * from "./index.js";
export type { ListedThread, ListState } from "./list.js";
export type { UseOptions } from "./shared.js";

/** A thread as it is now, and what can be done in it. The functions stay the same as long as the thread does. */
export interface UsedThread extends ThreadState, ThreadCalls {
  /** Those that have not ended, newest first. */
  activeRuns: readonly Run[];
}

/** The list of threads as it is now. */
export interface UsedThreads extends ListState, Pick<ThreadList, "more" | "rename"> {}

/**
 * A thread, live as long as the component is mounted.
 *
 * @param threadId - may change; as long as there is none, nothing is loaded
 * @param options - a client, or what one is made of. Components that say the same share one, also if the object is a new
 * one each time. `tools` may be written inline, the newest are called; of other functions those of the first time stay.
 */
export function useThread(threadId: string | null | undefined, options: UseOptions = {}): UsedThread {
  const { client } = useShared(options);
  const names = toolNames(options);
  const { subscribe, getSnapshot, calls } = useMemo(() => boundThread(client, threadId), [client, threadId, names]);
  const state = useSyncExternalStore(subscribe, getSnapshot, unknown);
  return useMemo(() => ({ ...state, activeRuns: activeOf(state.runs), ...calls }), [state, calls]);
}

/** The list of threads, live as long as the component is mounted; options as those of `useThread`. */
export function useThreads(options: UseOptions = {}): UsedThreads {
  const { client } = useShared(options);
  const { subscribe, getSnapshot, more, rename } = listOf(client);
  const state = useSyncExternalStore(subscribe, getSnapshot, unknownList);
  return useMemo(() => ({ ...state, more, rename }), [state, more, rename]);
}

function useShared(options: UseOptions): Shared {
  const one = useMemo(() => shared(options), [contentOf(options)]);
  const tools = toolsOf(options);
  useEffect(() => one.give(tools), [one, tools]);
  return one;
}

const unknown = () => UNKNOWN;
const unknownList = () => UNKNOWN_LIST;
