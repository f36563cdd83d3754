/**
 * The tabs of a browser follow a stream over one connection: it allows six to a server, if that speaks HTTP/1.1. Loaded on
 * demand, where there are tabs.
 *
 * One tab leads: it holds a lock, has the connection, and tells the others each event. Everybody folds for himself. Who comes
 * late, or has missed anything, asks; the leader answers with the events behind the cursor that is held there, if it has them
 * still, else with a snapshot. It answers only those whom it is surely not behind: whose cursor it has passed, who holds
 * nothing, who has listened to nobody but this leader, or, once the server has told the leader that it is level, whoever
 * asked before that connection was made. So nothing that was shown is ever taken back. A leader that does not answer is
 * frozen or asleep: another tab steals the lock. Who was frozen has the server bring him level, by a short connection of his
 * own: a snapshot of the leader's would take the older messages from him.
 *
 * A stream without cursors, such as that of the list of threads, makes no state here: whoever is level again reads for himself.
 */

import type { Follow, Follower } from "./connection.js";
import { type Fold, shown } from "./fold.js";
import { type Http, newKey } from "./http.js";
import { errorOf, isQuestion, isTold, type Question, reasonOf, type Standing, type Told } from "./said.js";
import type { SseEvent } from "./sse.js";

/** What tabs have in common. */
export interface Browser {
  locks: Pick<LockManager, "request">;
  channel(name: string): Channel;
  hidden(): boolean;
}

/** A line to all other tabs. */
export type Channel = Pick<BroadcastChannel, "postMessage" | "close" | "onmessage" | "onmessageerror">;

/** Milliseconds of silence after which a tab asks whether anybody leads. */
const QUIET = 15_000;
/** Milliseconds that an answer is waited for, by a tab that is looked at, and by one that is not and may be slow itself. */
const PATIENCE = [2_000, 30_000] as const;
/** Milliseconds between two questions about the same. */
const AGAIN = 1_000;
/** Milliseconds in which doubts are gathered, which one connection then settles. */
const GATHERED = 50;
/** How many events each tab keeps for those who have missed them: who is given a snapshot loses the older messages. */
const KEPT = 200;
/** Of what is said here; tabs that speak another one do not hear each other. */
const VERSION = 1;

/** What the window that we are in has. */
const here: Browser = {
  get locks() {
    return navigator.locks;
  },
  channel: (name) => new BroadcastChannel(name),
  hidden: () => !!globalThis.document?.hidden,
};

/** Follow streams together with all tabs of the browser. */
export const sharing =
  (alone: Follow, browser = here): Follow =>
  (http, path, to, page) => {
    const life = new AbortController();
    const { signal } = life;
    const on = (sign: string, act: () => void) => page?.addEventListener(sign, act, { capture: true, signal });
    void nameOf(http, path).then((name) => {
      if (signal.aborted) return;
      const tab = new Tab(name, http, to, (to) => alone(http, path, to, page), browser, life);
      on("freeze", tab.freeze);
      for (const sign of ["resume", "visibilitychange", "pageshow", "online"]) on(sign, tab.look);
    });
    return () => life.abort();
  };

/** Tabs share what is the same for the server: the stream, and who looks on. The token cannot be read in the name. */
async function nameOf({ root, token }: Http, path: string): Promise<string> {
  const what = new TextEncoder().encode(JSON.stringify([root, path, token]));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", what));
  return `livethread ${VERSION} ${[...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** The state of a fold as an event, with all that may still grow. */
export function snapshotOf({ thread, held, has_more, runs, run_steps, people, cursor }: Fold): SseEvent {
  // One that stands apart from the others, and has ended, comes again with the page that it is in.
  const kept = [...held.values()].filter(({ loose, draft }) => !has_more || !loose || draft);
  const messages = kept.map(shown).reverse();
  const data = { object: "thread.snapshot", thread, messages, has_more, runs, run_steps, people, cursor };
  return { type: "thread.snapshot", data: JSON.stringify(data), id: cursor! };
}

/** One that follows a stream with others: it listens, leads, is frozen, or has gone. */
class Tab {
  readonly #id = newKey();
  readonly #channel: Channel;
  #role: "listens" | "leads" | "frozen" | "gone" = "listens";
  /** Whom we listen to, or our own leadership, and how many events it has had. */
  #term = "";
  #n = 0;
  /** Our wish to lead; aborted, it also gives up what it has got. */
  #wish = new AbortController();
  #rest = () => {};
  /** What came last. */
  #passed: SseEvent[] = [];

  // As long as we listen.
  /** Whether we hold all that the leader has told. */
  #level = false;
  /** Whether we do not know what we hold. */
  #lost = false;
  /** The question about what we have missed, and when it was asked, if it is not answered yet. */
  #key = "";
  #asked = Number.NEGATIVE_INFINITY;

  // As long as we lead.
  #standing: Standing | null = null;
  /** Whether anybody listens. */
  #heard = false;
  #disconnect = () => {};
  /** Who may be ahead of us, by id: since this connection was made, and before. */
  #ahead = new Map<string, Question>();
  #waiting = new Map<string, Question>();

  constructor(
    private readonly name: string,
    private readonly http: Http,
    private readonly to: Follower,
    private readonly connect: (to: Follower) => () => void,
    private readonly browser: Browser,
    /** Aborted, it has gone. */
    private readonly life: AbortController,
  ) {
    this.#channel = browser.channel(name);
    this.#channel.onmessage = ({ data }) => this.#hear(data);
    this.#channel.onmessageerror = () => this.#hear(null);
    life.signal.addEventListener("abort", () => {
      this.#stop("gone");
      this.#channel.close();
    });
    this.#join();
  }

  /** Somebody looks at the page again, or the network is back: whoever led meanwhile may be asleep. */
  readonly look = () => {
    if (this.#role === "frozen") this.#return();
    else if (this.#role === "listens" && !this.browser.hidden()) this.#ask(true);
  };

  /** The page is about to be frozen: it would hear other tabs, but not its connection. */
  readonly freeze = () => this.#stop("frozen");

  /** Nobody may know any more what came behind our cursor, but the server does: then we are one of them again. */
  #return(): void {
    this.#stop("frozen");
    if (!this.to.cursor()) return this.#join();
    const back = () => {
      this.#stop("frozen");
      this.#join();
    };
    this.#rest = this.http.after(PATIENCE[0], back);
    this.#disconnect = this.connect({
      cursor: this.to.cursor,
      take: (event) => {
        this.#pass(event);
        if (event.type === "thread.presence") back(); // we are level
      },
      live() {},
      lost: back,
      ended: this.#end,
    });
  }

  readonly #end = (why?: Error): void => {
    this.life.abort();
    this.to.ended(why);
  };

  #join(): void {
    this.#role = "listens";
    this.#level = false;
    this.#ask();
    void this.#wishToLead();
  }

  #stop(role: "frozen" | "gone"): void {
    this.#role = role;
    this.#disconnect();
    this.#rest();
    this.#wish.abort();
  }

  // -- the lock ----------------------------------------------------------------------------

  /** Lead as soon as nobody else does, or at once. */
  async #wishToLead(steal = false): Promise<void> {
    this.#wish.abort();
    const wish = (this.#wish = new AbortController());
    const { signal } = wish;
    let got = false;
    try {
      await this.browser.locks.request(this.name, steal ? { steal } : { signal }, () => {
        if (signal.aborted) return;
        got = true;
        this.#lead();
        return new Promise((resolve) => signal.addEventListener("abort", resolve));
      });
    } catch {
      if (signal.aborted) return;
      if (!got) return this.#lead(); // nobody can have a lock here, so everybody leads
      // It was stolen from us.
      this.#return();
    }
  }

  // -- those who listen ----------------------------------------------------------------------

  #hear(said: unknown): void {
    if (this.#role === "gone" || this.#role === "frozen") return;
    if (this.#role === "leads") {
      if (isQuestion(said)) this.#answer(said);
      return;
    }
    if (isQuestion(said)) return;
    if (!isTold(said)) this.#level = false;
    else if (said.says === "state" && said.key === this.#key && !this.#level) this.#begin(said);
    else if (said.term !== this.#term) this.#level = false;
    else if (this.#level && said.n > this.#n) {
      if (said.says === "event" && said.n === this.#n + 1) {
        this.#n++;
        this.#take(said.events!);
      } else this.#level = false;
    } else if (said.says === "end" && this.#level) {
      return this.#end(errorOf(this.http, said.why));
    }
    if (isTold(said)) this.#show(said.standing);
    this.#listen();
  }

  /** Somebody leads: wait for what comes next, or ask for what we have missed. */
  #listen(): void {
    this.#rest();
    const ms = this.#level ? QUIET : Math.min(this.#asked + AGAIN - this.http.now(), AGAIN);
    if (ms > 0) this.#rest = this.http.after(ms, () => this.#ask());
    else this.#ask();
  }

  /** Whoever leads is to answer; if nobody does, we lead. */
  #ask(hurry = false): void {
    const cursor = this.#lost ? "" : this.to.cursor();
    this.#key = this.#level ? "" : newKey();
    if (!this.#level) this.#asked = this.http.now();
    this.#say({ says: "ask", from: this.#id, key: this.#key, term: this.#term, cursor, hurry });
    this.#rest();
    this.#rest = this.http.after(PATIENCE[+this.browser.hidden() as 0 | 1], () => void this.#wishToLead(true));
  }

  /** Go on from what the leader has answered. */
  #begin({ term, n, events }: Told): void {
    this.#term = term;
    this.#n = n;
    this.#level = true;
    this.#lost = false;
    this.#asked = Number.NEGATIVE_INFINITY;
    if (!this.to.fold) this.#standing = null; // so that it is told to be live, and reads what it has missed
    this.#take(events!);
  }

  #take(events: SseEvent[]): void {
    try {
      for (const event of events) this.#pass(event);
    } catch {
      this.#level = false;
      this.#lost = true;
      this.#asked = this.http.now();
    }
  }

  /** Take an event, and keep it for others. */
  #pass(event: SseEvent): void {
    this.to.take(event);
    if (event.type === "thread.snapshot") this.#passed = [];
    this.#passed.push(event);
    this.#passed.splice(0, this.#passed.length - KEPT);
  }

  /** The events behind a cursor, if all are known. */
  #since(cursor: string | null): SseEvent[] | undefined {
    const at = this.#passed.findLastIndex(({ id }) => id && id === cursor);
    return at < 0 ? undefined : this.#passed.slice(at + 1);
  }

  /** Tell how the leader's connection stands, if that is something else than before. */
  #show(standing: Standing | null | undefined): void {
    if (!standing || (standing.status === "live" && !this.#level)) return;
    if (JSON.stringify(standing) === JSON.stringify(this.#standing)) return;
    this.#standing = standing;
    if (standing.status === "live") this.to.live();
    else this.to.lost(standing.status, errorOf(this.http, standing.why));
  }

  // -- the one who leads -----------------------------------------------------------------------

  #lead(): void {
    this.#role = "leads";
    this.#term = newKey();
    this.#n = 0;
    this.#rest();
    this.#ahead.clear();
    this.#waiting.clear();
    this.#standing = null;
    this.#heard = false;
    this.#tell("here");
    this.#reconnect();
  }

  /** A connection from where we are: its server knows all that anybody has been shown until now. */
  #reconnect(): void {
    const { to } = this;
    this.#rest();
    this.#disconnect();
    for (const [id, question] of this.#ahead) this.#waiting.set(id, question);
    this.#ahead.clear();
    this.#disconnect = this.connect({
      cursor: to.cursor,
      take: (event) => {
        this.#pass(event);
        this.#n++;
        if (this.#heard) this.#tell("event", { events: [event] });
        if (event.type !== "thread.presence") return;
        // The server says it when we are level with it.
        for (const question of this.#waiting.values()) this.#settle(question);
        this.#waiting.clear();
      },
      live: () => {
        if (!to.fold) this.#term = newKey(); // all have missed what was between two connections
        this.#stand({ status: "live" });
        to.live();
      },
      lost: (status, why) => {
        this.#stand({ status, why: reasonOf(why) });
        to.lost(status, why);
      },
      ended: (why) => {
        this.#tell("end", { why: reasonOf(why) });
        this.#end(why);
      },
    });
  }

  #stand(standing: Standing): void {
    this.#standing = standing;
    this.#tell("here");
  }

  #answer(question: Question): void {
    const { from, key, term, cursor, hurry } = question;
    this.#heard = true;
    if (hurry && this.#standing && this.#standing.status !== "live") this.#reconnect();
    if (key && (cursor === null || cursor === this.to.cursor() || term === this.#term || this.#since(cursor)))
      return this.#settle(question);
    this.#tell("here");
    if (!key) return;
    if (this.#waiting.get(from)?.cursor === cursor) this.#waiting.set(from, question);
    else {
      if (!this.#ahead.size) this.#rest = this.http.after(GATHERED, () => this.#reconnect());
      this.#ahead.set(from, question);
    }
  }

  /** Tell somebody what is missing there. */
  #settle({ key, cursor }: Question): void {
    const { fold } = this.to;
    const events: SseEvent[] = [];
    if (fold?.cursor) {
      if (cursor !== fold.cursor) events.push(...(this.#since(cursor) ?? [snapshotOf(fold)]));
      const presence = { people: fold.people, viewers: fold.viewers };
      events.push({ type: "thread.presence", data: JSON.stringify(presence), id: "" });
    }
    this.#tell("state", { key, events });
  }

  #tell(says: Told["says"], more: Partial<Told> = {}): void {
    const standing = says === "event" ? undefined : this.#standing;
    this.#say({ says, term: this.#term, n: this.#n, standing, ...more });
  }

  #say(said: Told | Question): void {
    this.#channel.postMessage(said);
  }
}
