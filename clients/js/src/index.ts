/** One variable that is always right: the messages of a Livethread thread, live to the token. */

import { type Follow, type Follower, follow as alone } from "./connection.js";
import type { Frame } from "./frame.js";
import { createHttp, type Http, type HttpOptions, newKey } from "./http.js";
import { type LiveThread, liveThread, type MessageBody, type Setter, type Stop, type Written } from "./threads.js";
import type { ToolOutput, Tools } from "./tools.js";
import type { Message, Run, Thread, ThreadState } from "./types.js";

export type { Follow, Follower } from "./connection.js";
export { ApiError, type Http, Unreachable } from "./http.js";
export type { MessageBody, Setter, Stop } from "./threads.js";
export type { Tool, ToolContext, ToolOutput, Tools } from "./tools.js";
export type * from "./types.js";

export interface ClientOptions extends HttpOptions {
  /** Who looks on and writes: others see that person come, go and type. Without it viewers are only counted. */
  name?: string;
  /** Two clients with one are one person; made of the name, unless given. */
  userId?: string;
  /** How many of the newest messages are loaded, 1 to 100; 20 unless given. */
  limit?: number;
  /** Functions of this page that assistants may call. */
  tools?: Tools;
  /** How streams are followed: over `fetch`, and by all tabs of a browser together, unless given. */
  follow?: Follow;
  /** Tells of `online`, `offline`, `pageshow` and `visibilitychange`; the window, where there is one. */
  page?: EventTarget;
  /** Calls a function once, soon, as when the page is to render; once for a frame and a rest of 30 ms, unless given. */
  frame?: Frame;
}

/** A message of a user, or the API's body of any. */
export type NewMessage = string | MessageBody;

/**
 * A server. Its methods share one store for each thread, and may be called in any order and number, also taken out of
 * the object. Each rejects with `ApiError` where it is refused and with `Unreachable` where nobody answers.
 *
 * A `set` is any function, such as the setter of a React state; it is called with the whole list of messages, newest
 * first, whenever one has changed. However often it is passed, it is called once.
 *
 * A `key` names a call, up to 24 hours: made again with it and the same arguments, after `Unreachable` say, it is done once.
 */
export interface Client {
  /** The server, for what has no method here: `client.http.call("GET", "/assistants")`. */
  readonly http: Http;
  /** Follow a stream of the server, as the options say; `path` is that behind `/v1`. */
  follow(path: string, to: Follower): () => void;
  /** Keep a variable current, until the returned function is called. */
  loadThread(thread_id: string, set: Setter): Stop;
  /** Add a message, which nobody is asked to answer. It shows at once, with `pending: true`. */
  addMessage(thread_id: string, message: NewMessage, set?: Setter, key?: string): Promise<Message>;
  /** Have an assistant answer; resolves once the run has ended, or waits for outputs that no tool of ours has. */
  run(thread_id: string, assistant_id: string, set?: Setter, key?: string): Promise<Run>;
  /** Add a message and have an assistant answer it, both or neither. */
  addMessageAndRun(
    thread_id: string,
    message: NewMessage,
    assistant_id: string,
    set?: Setter,
    key?: string,
  ): Promise<Run>;
  /** The same with several assistants, who answer side by side. */
  addMessageAndRuns(
    thread_id: string,
    message: NewMessage,
    assistant_ids: string[],
    set?: Setter,
    key?: string,
  ): Promise<Run[]>;
  /** Stop every run that is active or waits; what was written stays. Returns those runs. */
  stop(thread_id: string): Promise<Run[]>;
  /** Give a run what its calls have returned, all of them; resolves as `run` does. */
  submitToolOutputs(
    thread_id: string,
    run_id: string,
    outputs: ToolOutput[],
    set?: Setter,
    key?: string,
  ): Promise<Run>;
  /** Tell the others that the person types; it lapses after 5 seconds. It leaves the `error` of other calls as it is. */
  typing(thread_id: string, typing?: boolean): Promise<void>;
  /** @param body - the API's, with `messages` and `metadata` for example */
  createThread(body?: { messages?: MessageBody[]; metadata?: Record<string, string> }): Promise<Thread>;
  deleteThread(thread_id: string): Promise<void>;
  /**
   * Load the next page of older messages, which then stand behind those that are there; resolves with whether there are
   * more. A snapshot, which comes where the server cannot tell what has been missed, holds the newest messages only.
   */
  older(thread_id: string): Promise<boolean>;
  /** The thread as an external store; it is followed while anybody subscribes. */
  thread(thread_id: string): { subscribe(listener: () => void): () => void; getSnapshot(): ThreadState };
}

interface Turn {
  message: Message;
  runs: Run[];
}

/** With all tabs of the browser, where it has what that takes. */
const together: Follow = (http, path, to, page) => {
  if (!page || !globalThis.navigator?.locks) return alone(http, path, to, page);
  let stop = () => {
    stopped = true;
  };
  let stopped = false;
  import("./tabs.js")
    .then(({ sharing }) => sharing(alone), () => alone)
    .then((follow) => {
      if (!stopped) stop = follow(http, path, to, page);
    });
  return () => stop();
};

/** Speak to a server; nothing is sent yet. */
export function createClient(options: ClientOptions = {}): Client {
  const { name, userId = name?.trim().replace(/\s+/g, "-"), limit } = options;
  const http = createHttp(options);
  const who: Record<string, string> = name === undefined ? {} : { name, user_id: userId! };
  const user = userId ?? newKey();
  const query = `?${new URLSearchParams({ ...who, ...(limit && { limit: `${limit}` }) })}`;
  const threads = new Map<string, LiveThread>();
  const around = {
    page: globalThis.window,
    ...options,
    follow: options.follow ?? together,
    tools: options.tools ?? {},
    http,
    query,
    user,
    threads,
  };

  const of = (id: string): LiveThread => {
    const known = threads.get(id) ?? liveThread(id, around);
    threads.set(id, known);
    return known;
  };
  const written = (message: NewMessage): Written => {
    const body = typeof message === "string" ? { content: message } : message;
    return { role: "user", ...body, metadata: { ...who, ...body?.metadata } };
  };
  /** Do something in a thread that is followed meanwhile. */
  const follow = <T>(id: string, set: Setter | undefined, act: (thread: LiveThread) => Promise<T>): Promise<T> =>
    of(id).work(act, set, true);
  /** Ask for something that needs no following. */
  const ask = <T>(id: string, method: string, path: string, body?: unknown): Promise<T> =>
    of(id).work(({ call }) => call<T>(method, path, body));

  const addMessageAndRuns: Client["addMessageAndRuns"] = (thread_id, message, assistants, set, key) =>
    follow(thread_id, set, async (thread) => {
      const body = written(message);
      const turn = { message: body, assistants };
      const { runs } = await thread.post<Turn>("/turns", turn, body, (made) => made.message, key);
      return Promise.all(runs.map(({ id }) => thread.until(id)));
    });

  return {
    http,
    follow: (path, to) => around.follow(http, path, to, around.page),
    loadThread: (thread_id, set) => of(thread_id).hold(set),
    addMessage(thread_id, message, set, key) {
      const body = written(message);
      return of(thread_id).work(({ post }) => post<Message>("/messages", body, body, (made) => made, key), set);
    },
    run: (thread_id, assistant_id, set, key) =>
      follow(thread_id, set, async (thread) =>
        thread.until((await thread.call<Run>("POST", "/runs", { assistant_id }, key)).id),
      ),
    addMessageAndRun: (thread_id, message, assistant_id, set, key) =>
      addMessageAndRuns(thread_id, message, [assistant_id], set, key).then(([run]) => run!),
    addMessageAndRuns,
    stop: (thread_id) => ask<{ data: Run[] }>(thread_id, "POST", "/stop").then(({ data }) => data),
    submitToolOutputs: (thread_id, run_id, tool_outputs, set, key) =>
      follow(thread_id, set, async (thread) => {
        await thread.call("POST", `/runs/${run_id}/submit_tool_outputs`, { tool_outputs }, key);
        return thread.until(run_id, tool_outputs.map(({ tool_call_id }) => tool_call_id));
      }),
    typing: (thread_id, typing = true) => of(thread_id).call("POST", "/typing", { user_id: user, typing }),
    createThread: (body = {}) => http.call("POST", "/threads", body),
    deleteThread: (thread_id) => ask(thread_id, "DELETE", ""),
    older: (thread_id) => of(thread_id).older(),
    thread(thread_id) {
      const first = of(thread_id);
      // Nobody may have wanted that one for a while, and others have another by now.
      const now = () => threads.get(thread_id) ?? first;
      return {
        subscribe(listener) {
          const thread = now();
          const stop = thread.hold();
          const unsubscribe = thread.store.subscribe(() => listener());
          return () => {
            unsubscribe();
            stop();
          };
        },
        getSnapshot: () => now().store.getSnapshot(),
      };
    },
  };
}

let usual: Client | undefined;

/** Those of a client for the server that this module came from, which is made when the first of them is called. */
export const {
  loadThread,
  addMessage,
  run,
  addMessageAndRun,
  addMessageAndRuns,
  stop,
  submitToolOutputs,
  typing,
  createThread,
  deleteThread,
  older,
} = new Proxy({} as Client, {
  get:
    (_, name: keyof Client) =>
    (...args: any[]) =>
      ((usual ??= createClient())[name] as (...args: any[]) => unknown)(...args),
});
