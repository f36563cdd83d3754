/** A browser with tabs, as far as they have locks and channels in common: a tab may be closed, killed or frozen, and a channel may lose. */

import { createHttp, type Http } from "../src/http.js";
import type { Browser, Channel } from "../src/tabs.js";
import type { Moments } from "./stage.js";

interface Request {
  tab: FakeTab;
  grant: (steal: boolean) => void;
  reject: (why: Error) => void;
}

export class FakeBrowser {
  readonly tabs = new Set<FakeTab>();
  readonly channels = new Set<{ tab: FakeTab; name: string; channel: Channel }>();
  /** What becomes of a message on its way; as it is, unless set. */
  spoil = (message: unknown): unknown[] => [message];
  /** How many milliseconds a message takes. */
  delay = () => 1;
  #holders = new Map<string, Request>();
  #queues = new Map<string, Request[]>();

  constructor(readonly moments: Moments) {}

  tab(): FakeTab {
    const tab = new FakeTab(this);
    this.tabs.add(tab);
    return tab;
  }

  /** Whoever holds a lock. */
  get leaders(): FakeTab[] {
    return [...this.#holders.values()].map(({ tab }) => tab);
  }

  say(from: Channel, name: string, message: unknown): void {
    for (const { tab, name: other, channel } of this.channels) {
      if (channel === from || name !== other) continue;
      for (const data of this.spoil(structuredClone(message))) {
        this.moments.after(this.delay(), () =>
          tab.act(() => channel.onmessage?.call(channel as BroadcastChannel, { data } as MessageEvent)),
        );
      }
    }
  }

  request(tab: FakeTab, name: string, { signal, steal = false }: LockOptions, use: () => unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const queue = this.#queues.get(name) ?? [];
      this.#queues.set(name, queue);
      const request: Request = {
        tab,
        reject: (why) => tab.act(() => reject(why)),
        grant: () => {
          this.#holders.set(name, request);
          tab.act(async () => {
            const used = await use();
            if (this.#holders.get(name) === request) this.#free(name);
            resolve(used);
          });
        },
      };
      signal?.addEventListener("abort", () => {
        const at = queue.indexOf(request);
        if (at < 0) return;
        queue.splice(at, 1);
        request.reject(new DOMException("given up", "AbortError"));
      });
      this.moments.after(1, () => {
        if (tab.dead || signal?.aborted) return request.reject(new DOMException("given up", "AbortError"));
        const robbed = this.#holders.get(name);
        if (steal && robbed) robbed.reject(new DOMException("stolen", "AbortError"));
        if (steal || !robbed) request.grant(steal);
        else queue.push(request);
      });
    });
  }

  #free(name: string): void {
    this.#holders.delete(name);
    this.#queues.get(name)!.shift()?.grant(false);
  }

  /** Forget a tab that is no more. */
  bury(tab: FakeTab): void {
    this.tabs.delete(tab);
    for (const one of this.channels) if (one.tab === tab) this.channels.delete(one);
    for (const [name, queue] of this.#queues) {
      this.#queues.set(name, queue.filter((request) => request.tab !== tab));
      if (this.#holders.get(name)?.tab === tab) this.#free(name);
    }
  }
}

export class FakeTab {
  dead = false;
  visible = true;
  readonly page = new EventTarget();
  readonly http: Http;
  #frozen: (() => void)[] | null = null;

  constructor(private readonly browser: FakeBrowser) {
    const { moments } = browser;
    const after = (ms: number, act: () => void) => moments.after(ms, () => this.act(act));
    this.http = createHttp({ url: "http://server", token: "secret", now: () => moments.now, after });
  }

  get frozen(): boolean {
    return !!this.#frozen;
  }

  /** What the part under test sees. */
  get sight(): Browser {
    const { browser } = this;
    return {
      hidden: () => !this.visible,
      locks: { request: (...of: any[]) => browser.request(this, of[0], of[1], of[2]) as any },
      channel: (name) => {
        const channel: Channel = {
          onmessage: null,
          onmessageerror: null,
          postMessage: (message) => browser.say(channel, name, message),
          close: () => {
            for (const one of browser.channels) if (one.channel === channel) browser.channels.delete(one);
            channel.onmessage = null;
          },
        };
        browser.channels.add({ tab: this, name, channel });
        return channel;
      },
    };
  }

  /** Do something when the tab does anything: not as long as it is frozen, and never once it is dead. */
  act(what: () => void): void {
    if (this.dead) return;
    if (this.#frozen) this.#frozen.push(what);
    else what();
  }

  freeze(): void {
    this.#frozen ??= [];
  }

  thaw(): void {
    const missed = this.#frozen ?? [];
    this.#frozen = null;
    for (const what of missed) this.act(what);
  }

  /** As a crash of its process does. */
  kill(): void {
    this.dead = true;
    this.browser.bury(this);
  }
}
