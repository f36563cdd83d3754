/** A server, an `EventSource` and a browser's window that a test plays; imports of the example are found without their ending. */
import { registerHooks } from "node:module";
import { mock } from "node:test";

registerHooks({
  resolve: (name, context, next) => next(/^\.\/\w+$/.test(name) ? `${name}.ts` : name, context),
});

/** All that were opened, the newest last. */
export const sources = [];

export class Source extends EventTarget {
  static CLOSED = 2;
  readyState = 0;

  constructor(url) {
    super();
    this.url = url;
    sources.push(this);
  }

  /** The server takes it. */
  open() {
    this.readyState = 1;
    this.onopen();
  }

  /** The server says something. */
  say(type, data, lastEventId = "") {
    this.dispatchEvent(new MessageEvent(type, { data: JSON.stringify(data), lastEventId }));
  }

  /** The connection is lost; the source tries again, unless it has given up. */
  lose(readyState = 0) {
    this.readyState = readyState;
    this.onerror(new Event("error"));
  }

  close() {
    this.readyState = 2;
  }
}

/** What was posted, the newest last. */
export const posts = [];
/** What the server answers next: `[status, body]`, or an error. */
export const answers = [];

export const page = new EventTarget();

mock.timers.enable({ apis: ["setTimeout"] });
Object.assign(globalThis, {
  EventSource: Source,
  document: { hidden: false },
  addEventListener: page.addEventListener.bind(page),
  async fetch(path, { method, headers, body }) {
    posts.push([method, path, headers["Content-Type"], JSON.parse(body)]);
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return new Response(JSON.stringify(answer[1]), { status: answer[0] });
  },
});

/** Whatever is due now has happened. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));
