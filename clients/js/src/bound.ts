/** One thread, or none, as components use it: its state, its calls, and what can be tried again. */

import { newKey } from "./http.js";
import type { Client, Message, NewMessage, Run, ThreadState, ToolOutput } from "./index.js";

/**
 * The client's functions, for one thread. Each rejects as the client's does, and its error stands in the state: a page that
 * shows that need not wait for any.
 */
export interface ThreadCalls {
  /** Add a message, which nobody is asked to answer. It shows at once, with `pending: true`. */
  addMessage(message: NewMessage): Promise<Message>;
  /** Have an assistant answer; resolves once the run has ended, or waits for outputs that no tool of ours has. */
  run(assistant_id: string): Promise<Run>;
  /** Add a message and have an assistant answer it, both or neither. */
  addMessageAndRun(message: NewMessage, assistant_id: string): Promise<Run>;
  /** The same with several assistants, who answer side by side. */
  addMessageAndRuns(message: NewMessage, assistant_ids: string[]): Promise<Run[]>;
  /** Stop every run that is active or waits; what was written stays. */
  stop(): Promise<Run[]>;
  /** Give a run what its calls have returned, all of them; resolves as `run` does. */
  submitToolOutputs(run_id: string, outputs: ToolOutput[]): Promise<Run>;
  /** Tell the others that the person types; it lapses after 5 seconds. */
  typing(typing?: boolean): Promise<void>;
  /** Load the next page of older messages; resolves with whether there are more. */
  older(): Promise<boolean>;
  /**
   * Try again what has failed.
   *
   * @param run - whose assistant answers again; without one, the call that failed last is repeated, as the same call: what
   * the server has done already is not done twice. If none has failed, the thread is loaded, if it could not be.
   */
  retry(run?: Run): Promise<void>;
}

/** What a thread is before anything is known of it, if none is chosen, and in pages that are rendered on a server. */
export const UNKNOWN: ThreadState = {
  thread: null,
  messages: [],
  has_more: false,
  runs: [],
  run_steps: [],
  people: [],
  viewers: 0,
  status: "connecting",
  error: null,
  deleted: false,
};

export interface BoundThread {
  subscribe(listener: () => void): () => void;
  getSnapshot(): ThreadState;
  calls: ThreadCalls;
}

/** A thread of a client; without an id one that nothing is known of, and whose calls reject. */
export const boundThread = (client: Client, thread_id: string | null | undefined): BoundThread => {
  if (!thread_id) return NONE;
  const { subscribe, getSnapshot } = client.thread(thread_id);
  return { subscribe, getSnapshot, calls: callsOf(client, thread_id) };
};

const NAMES = [
  "addMessage",
  "run",
  "addMessageAndRun",
  "addMessageAndRuns",
  "stop",
  "submitToolOutputs",
  "typing",
  "older",
  "retry",
] as const satisfies (keyof ThreadCalls)[];

/** Calls of whatever thread it is at the moment. */
export const callsOfNow = (now: () => ThreadCalls): ThreadCalls =>
  Object.fromEntries(
    NAMES.map((name) => [name, (...args: unknown[]) => (now()[name] as (...args: unknown[]) => unknown)(...args)]),
  ) as unknown as ThreadCalls;

const noThread = () =>
  quiet(Promise.reject(new Error("No thread is chosen: give useThread the id of one, such as createThread answers.")));

const NONE: BoundThread = {
  subscribe: () => () => {},
  getSnapshot: () => UNKNOWN,
  calls: Object.fromEntries(NAMES.map((name) => [name, noThread])) as unknown as ThreadCalls,
};

const known = new WeakMap<Client, Map<string, ThreadCalls>>();

/** The calls of a thread, the same for all components, so that one tries again what another has failed to do. */
function callsOf(client: Client, thread_id: string): ThreadCalls {
  const threads = known.get(client) ?? new Map<string, ThreadCalls>();
  known.set(client, threads);
  const calls = threads.get(thread_id) ?? makeCalls(client, thread_id);
  threads.set(thread_id, calls);
  return calls;
}

function makeCalls(client: Client, thread_id: string): ThreadCalls {
  let failed: (() => Promise<unknown>) | undefined;

  const attempt = <T>(call: (key: string) => Promise<T>): Promise<T> => {
    const key = newKey();
    const act = async () => {
      try {
        const done = await call(key);
        if (failed === act) failed = undefined;
        return done;
      } catch (error) {
        failed = act;
        throw error;
      }
    };
    return quiet(act());
  };

  const run = (assistant_id: string) => attempt((key) => client.run(thread_id, assistant_id, undefined, key));

  const load = async () => {
    const stop = client.loadThread(thread_id, () => {});
    await stop.ready.finally(stop);
  };

  return {
    run,
    addMessage: (message) => attempt((key) => client.addMessage(thread_id, message, undefined, key)),
    addMessageAndRun: (message, assistant_id) =>
      attempt((key) => client.addMessageAndRun(thread_id, message, assistant_id, undefined, key)),
    addMessageAndRuns: (message, assistant_ids) =>
      attempt((key) => client.addMessageAndRuns(thread_id, message, assistant_ids, undefined, key)),
    stop: () => attempt(() => client.stop(thread_id)),
    submitToolOutputs: (run_id, outputs) =>
      attempt((key) => client.submitToolOutputs(thread_id, run_id, outputs, undefined, key)),
    typing: (typing) => quiet(client.typing(thread_id, typing)),
    older: () => attempt(() => client.older(thread_id)),
    retry: (failedRun) => quiet((failedRun ? run(failedRun.assistant_id) : (failed ?? load)()).then(() => {})),
  };
}

/** What goes wrong stands in the state, too: a page that does not wait for it has left nothing unhandled. */
const quiet = <T>(done: Promise<T>): Promise<T> => {
  done.catch(() => {});
  return done;
};

const TERMINAL: readonly string[] = ["completed", "incomplete", "failed", "cancelled", "expired"] satisfies Run["status"][];
const active = new WeakMap<readonly Run[], readonly Run[]>();

/** Those that have not ended; the same list for the same runs. */
export function activeOf(runs: readonly Run[]): readonly Run[] {
  const now = active.get(runs) ?? runs.filter(({ status }) => !TERMINAL.includes(status));
  active.set(runs, now);
  return now;
}
