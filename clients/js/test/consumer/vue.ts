/** What the types of the Vue composables promise. */

import { createClient } from "livethread";
import { type ListedThread, type Message, type Run, type UsedThread, useThread, useThreads } from "livethread/vue";
import { type ComputedRef, computed, reactive, ref } from "vue";
import { type Equal, is } from "./equal.js";

export function setup() {
  const id = ref<string | null>(null);
  const thread = useThread(id, () => ({ name: "Ann" }));
  is<Equal<typeof thread, UsedThread>>();
  is<Equal<typeof thread.messages, ComputedRef<readonly Message[]>>>();
  is<Equal<typeof thread.activeRuns, ComputedRef<readonly Run[]>>>();
  is<Equal<ReturnType<typeof thread.run>, Promise<Run>>>();
  useThread(() => id.value, reactive({ name: "Ann" }));
  useThread(computed(() => id.value));
  useThread("thread_1", { client: createClient() });
  const { threads, has_more } = useThreads();
  is<Equal<typeof threads, ComputedRef<readonly ListedThread[]>>>();
  is<Equal<typeof has_more.value, boolean>>();
  // @ts-expect-error -- what there is to read is not to be written
  thread.messages.value = [];
  // @ts-expect-error -- an id, not a number
  useThread(ref(1));
  // @ts-expect-error -- a client brings its own options
  useThread("thread_1", { client: createClient(), name: "Ann" });
  return { thread, threads };
}
