/** Threads in Vue, 3.3 and newer: the state of a thread as refs, which change when it does. */

import {
  computed,
  type ComputedRef,
  getCurrentInstance,
  type MaybeRefOrGetter,
  onMounted,
  shallowRef,
  toRaw,
  toValue,
  watch,
} from "vue";
import { activeOf, boundThread, callsOfNow, type ThreadCalls, UNKNOWN } from "./bound.js";
import type { Run, ThreadState } from "./index.js";
import { type ListState, listOf, type ThreadList, UNKNOWN as UNKNOWN_LIST } from "./list.js";
import { contentOf, type Shared, shared, toolNames, toolsOf, type UseOptions } from "./shared.js";

export type { ThreadCalls } from "./bound.js";
export type * from "./index.js";
export type { ListedThread, ListState } from "./list.js";
export type { UseOptions } from "./shared.js";

/** Each field of a state as a ref of its own; what is in it is no proxy, and is never changed. */
type Refs<State> = { readonly [Field in keyof State]: ComputedRef<State[Field]> };

/** A thread as it is now, and what can be done in it. */
export interface UsedThread extends Refs<ThreadState>, ThreadCalls {
  /** Those that have not ended, newest first. */
  readonly activeRuns: ComputedRef<readonly Run[]>;
}

/** The list of threads as it is now. */
export interface UsedThreads extends Refs<ListState>, Pick<ThreadList, "more" | "rename"> {}

/**
 * A thread, live until the component is unmounted or the effect scope is stopped.
 *
 * @param threadId - may be a ref or a getter, and change; as long as there is none, nothing is loaded
 * @param options - a client, or what one is made of; may be a ref or a getter, too. Components that say the same share one.
 */
export function useThread(
  threadId: MaybeRefOrGetter<string | null | undefined>,
  options: MaybeRefOrGetter<UseOptions> = {},
): UsedThread {
  const client = useShared(options);
  const names = computed(() => toolNames(toValue(options)));
  const thread = computed(() => {
    void names.value;
    return boundThread(client.value.client, toValue(threadId));
  });
  const state = useStore(thread, UNKNOWN);
  return {
    ...refs(state, UNKNOWN),
    activeRuns: computed(() => activeOf(state.value.runs)),
    ...callsOfNow(() => thread.value.calls),
  };
}

/** The list of threads, live as `useThread` is; options as there. */
export function useThreads(options: MaybeRefOrGetter<UseOptions> = {}): UsedThreads {
  const client = useShared(options);
  const list = computed(() => listOf(client.value.client));
  return {
    ...refs(useStore(list, UNKNOWN_LIST), UNKNOWN_LIST),
    more: () => list.value.more(),
    rename: (thread_id, title) => list.value.rename(thread_id, title),
  };
}

/** A server renders once, and follows nothing. */
const onServer = !globalThis.window;

function useShared(options: MaybeRefOrGetter<UseOptions>): ComputedRef<Shared> {
  let content: unknown;
  let known: Shared;
  const one = computed(() => {
    const now = toValue(options);
    const says = toRaw(contentOf(now));
    if (says !== content) known = shared(now.client ? { client: toRaw(now.client) } : now);
    content = says;
    return known;
  });
  if (!onServer) {
    const tools = () => toolsOf(toValue(options));
    watch([one, tools] as const, ([one, tools], _, onCleanup) => onCleanup(one.give(tools)), { immediate: true });
  }
  return one;
}

/** The state of a store that may become another one, as a ref. */
function useStore<State>(
  store: ComputedRef<{ subscribe(listener: () => void): () => void; getSnapshot(): State }>,
  unknown: State,
): ComputedRef<State> {
  // What a server has rendered is taken over as it stands, and only then changed.
  const hydrating = shallowRef(!!getCurrentInstance()?.vnode.el);
  if (hydrating.value) onMounted(() => (hydrating.value = false));
  const changes = shallowRef(0);
  if (!onServer) {
    const follow = ({ subscribe }: typeof store.value, _: unknown, onCleanup: (stop: () => void) => void) => {
      onCleanup(subscribe(() => changes.value++));
      changes.value++;
    };
    watch(store, follow, { immediate: true });
  }
  return computed(() => {
    void changes.value;
    return onServer || hydrating.value ? unknown : store.value.getSnapshot();
  });
}

const refs = <State extends object>(state: ComputedRef<State>, unknown: State): Refs<State> =>
  Object.fromEntries(
    Object.keys(unknown).map((field) => [field, computed(() => state.value[field as keyof State])]),
  ) as Refs<State>;
