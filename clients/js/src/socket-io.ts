/** Streams over Socket.IO: one socket for all threads that a client follows. */

import { type Connect, type Follow, type Follower, follow as overFetch, following } from "./connection.js";
import type { ApiError, Http } from "./http.js";
import { type Answer, type Asked, type Said, Subscription, type Wire } from "./subscription.js";

/** `io` of `socket.io-client` 4, as far as it is used. */
export type Io = (url: string, options: any) => IoSocket;

/** A socket of it. */
export interface IoSocket extends Wire {
  readonly io: { on(event: "ping", hear: () => void): unknown };
  on(event: string, hear: (...said: any[]) => void): unknown;
  disconnect(): unknown;
}

/** Threads that the server lets one socket follow. */
const MOST = 100;

/**
 * Follow threads over Socket.IO, each tab for itself; what it does not carry, as the list of threads, goes over `fetch`.
 *
 * @param io - that of `socket.io-client`
 * @param options - for it, such as `{ transports: ["websocket"] }`; where to connect, as whom and when is seen to here
 */
export const socketIo = (io: Io, options: object = {}): Follow => {
  const open = ({ root, token }: Http): IoSocket => {
    const { origin, pathname } = new URL(root, globalThis.location?.href);
    return io(origin, {
      path: pathname.replace(/v1$/, "socket.io/"),
      ...options,
      auth: { token },
      forceNew: true,
      reconnection: false,
    });
  };
  const sockets = new WeakMap<Http, Set<Socket>>();
  return (http, path, to, page) => {
    const asked = askedBy(path);
    if (!asked) return overFetch(http, path, to, page);
    const made = sockets.get(http) ?? new Set();
    sockets.set(http, made);
    let socket = [...made].find((socket) => socket.takes(asked.thread_id));
    if (!socket) made.add((socket = new Socket(http, open, page, () => made.delete(socket!))));
    return socket.follow(asked, to);
  };
};

/** What a path says of a thread's stream; undefined where it is another one's. */
function askedBy(path: string): Asked | undefined {
  const [, id, query] = /^\/threads\/([^/?]+)\/events(?:\?(.*))?$/.exec(path) ?? [];
  if (!id) return undefined;
  const { limit, snapshot, ...who } = Object.fromEntries(new URLSearchParams(query));
  return {
    ...who,
    ...(limit && { limit: +limit }),
    ...(snapshot === "none" && { snapshot: false }),
    thread_id: decodeURIComponent(id),
  };
}

/** One connection after another, which the subscriptions share. */
class Socket {
  readonly #subscriptions = new Map<string, Subscription>();
  /** Threads whose events may still be under way although nobody follows them. */
  readonly #leaving = new Set<string>();
  #wire: Wire | undefined;
  #resting = false;
  #stop = () => {};

  /**
   * @param open - makes a socket
   * @param gone - is told once nobody follows anything here
   */
  constructor(
    private readonly http: Http,
    private readonly open: (http: Http) => IoSocket,
    private readonly page: EventTarget | undefined,
    private readonly gone: () => void,
  ) {
    this.#start();
  }

  /** Whether a thread may be followed here. A socket follows a thread once: who does so again needs another one. */
  takes(thread_id: string): boolean {
    return !this.#subscriptions.has(thread_id) && this.#subscriptions.size < MOST;
  }

  follow(asked: Asked, to: Follower): () => void {
    const { thread_id } = asked;
    const subscription = new Subscription(this.http, asked, to, () => this.#drop(subscription));
    this.#subscriptions.set(thread_id, subscription);
    if (this.#wire) this.#begin(thread_id);
    else if (this.#resting) {
      this.#stop();
      this.#start(); // who comes now does not wait for the next attempt
    }
    return () => {
      if (this.#subscriptions.get(thread_id) !== subscription) return;
      if (subscription.stop()) this.#leave(thread_id);
      this.#drop(subscription);
    };
  }

  #start(): void {
    this.#resting = false;
    const to: Follower = {
      cursor: () => "",
      take() {},
      live: () => this.#subscriptions.forEach((_, thread_id) => this.#begin(thread_id)),
      lost: (status, why) => {
        this.#resting = true;
        this.#cut();
        this.#subscriptions.forEach((subscription) => subscription.lost(status, why));
      },
      ended: (why) => this.#subscriptions.forEach((subscription) => subscription.end(why)),
    };
    this.#stop = following(this.#connect)(this.http, "", to, this.page);
  }

  #begin(thread_id: string): void {
    if (!this.#leaving.has(thread_id)) this.#subscriptions.get(thread_id)?.begin(this.#wire!);
  }

  /** Follow a thread no more; who wants it again waits until nothing can come that was said before. */
  #leave(thread_id: string): void {
    this.#leaving.add(thread_id);
    this.#wire!.emit("unsubscribe", { thread_id }, () => {
      this.#leaving.delete(thread_id);
      this.#begin(thread_id);
    });
  }

  #drop(subscription: Subscription): void {
    this.#subscriptions.delete(subscription.asked.thread_id);
    if (this.#subscriptions.size) return;
    this.#stop();
    this.#cut();
    this.gone();
  }

  #cut(): void {
    this.#wire = undefined;
    this.#leaving.clear();
  }

  readonly #connect: Connect = (http, line) =>
    new Promise((resolve, reject) => {
      this.#resting = false;
      const { signal } = line;
      const socket = this.open(http);
      /** Hear something, unless the connection is of no more use. */
      const on = (event: string, hear: (said: any) => void) =>
        socket.on(event, (said) => {
          if (!signal.aborted) hear(said);
        });
      signal.addEventListener("abort", () => {
        resolve();
        socket.disconnect();
      });
      on("connect", () => {
        this.#wire = socket;
        line.hear([]);
      });
      on("connect_error", (error: Error & { data?: ApiError }) => {
        // Only a server of ours says more than that nobody answers.
        if (error.data?.status) line.end(http.refusal(error.data.status, JSON.stringify({ error: error.data })));
        reject(error);
      });
      on("disconnect", () => resolve());
      on("thread.event", (said: Said) => {
        line.hear([{ type: "", data: "", id: "" }]); // the server is well: attempts become frequent again
        this.#subscriptions.get(said.thread_id)?.take(said);
      });
      on("unsubscribed", ({ thread_id, ended }: Answer & { thread_id: string }) => {
        const subscription = this.#subscriptions.get(thread_id);
        if (ended) subscription?.end();
        else subscription?.again();
      });
      socket.io.on("ping", () => {
        if (!signal.aborted) line.hear([]);
      });
    });
}
