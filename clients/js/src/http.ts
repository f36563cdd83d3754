/** Calls of one server over HTTP: sent again while nobody answers, and done once. */

/** Does something in so many milliseconds, unless what it returns is called before. */
export type After = (ms: number, act: () => void) => () => void;

/** Where a server is and how it is asked. Time, chance and the network are passed in, so that tests need none. */
export interface HttpOptions {
  /** Address of the server, with or without `/v1`. Without it: where this module came from, else the page. */
  url?: string;
  /** One of the server's API keys, sent as a bearer token. */
  token?: string;
  fetch?: typeof fetch;
  /** A number from 0 up to 1. */
  random?: () => number;
  /** Milliseconds since the epoch. */
  now?: () => number;
  after?: After;
}

/** The server refuses: in the words of its answer. */
export class ApiError extends Error {
  override name = "ApiError";

  /** Of HTTP. */
  declare readonly status: number;
  /** Which field is wrong, if it is one. */
  declare readonly param: string | null;
  declare readonly code: string | null;

  constructor(message: string, status: number, param: string | null = null, code: string | null = null) {
    super(message);
    this.status = status;
    this.param = param;
    this.code = code;
  }
}

/** Nobody answers, or no Livethread server does. */
export class Unreachable extends Error {
  override name = "Unreachable";
}

const ADVICE = "; check that a Livethread server is there.";
const ATTEMPTS = 4;
const PATIENCE = 60_000;
const FIRST = 250;

/** Whether an answer, or that there was none, may be another one a moment later; every other refusal is final. */
export const isPassing = (status: number | undefined): boolean => !/^4(?!08|25|29)/.test(status as any);

/** One server. */
export interface Http {
  /** Where it is, `/v1` included. */
  readonly root: string;
  readonly token: string | undefined;
  /** One request, once. Rejects with what `fetch` rejects with. */
  request(path: string, init: RequestInit): Promise<Response>;
  /**
   * Ask for something, up to four times while nobody answers; a POST bears one key, so it is done once.
   *
   * @param path - behind `/v1`
   * @param body - JSON, if any
   * @returns the answer's JSON
   * @throws ApiError if it is refused, Unreachable if nobody answers
   */
  call<T>(method: string, path: string, body?: unknown, headers?: object | ""): Promise<T>;
  /** Resolves in so many milliseconds. */
  sleep(ms: number): Promise<void>;
  /**
   * Milliseconds to wait before the next attempt: twice as long after each that brought nothing, and never the same for
   * two clients, since a server that comes back is otherwise met by everybody in the same moment.
   *
   * @param failed - how many attempts have brought nothing before the last one
   * @param most - milliseconds, unless the server asks for more
   * @param asked - what the server asks for; it is believed up to five minutes
   */
  pause(failed: number, most: number, asked?: number): number;
  /** An error for a request that nobody has answered; why is in `cause`. */
  unreachable(cause: unknown): Unreachable;
  /** An error in the words of an answer that is no success; it says so if the server asks for more than a minute. */
  refusal(status: number, text: string, asked?: number): ApiError;
  after: After;
  now: () => number;
}

export function createHttp(options: HttpOptions): Http {
  const {
    token,
    random = Math.random,
    now = Date.now,
    after = (ms, act) => {
      const timer = setTimeout(act, ms);
      return () => clearTimeout(timer);
    },
  } = options;
  const root = `${(options.url ?? origin()).trim().replace(/\/+(v1\/*)?$/, "")}/v1`;
  const http: Http = {
    root,
    token,
    after,
    now,
    request: (path, init) =>
      (options.fetch ?? fetch)(root + path, {
        ...init,
        headers: { ...(token && { Authorization: `Bearer ${token}` }), ...init.headers },
      }),
    async call(method, path, body, headers) {
      const init = {
        method,
        headers: {
          ...(method === "POST" && { "Content-Type": "application/json", "Idempotency-Key": newKey() }),
          ...headers,
        },
        body: JSON.stringify(body),
      };
      for (let failed = 0; ; failed++) {
        const control = new AbortController();
        const patient = after(PATIENCE, () => control.abort());
        let error: Error;
        let asked: number | undefined;
        let final = failed >= ATTEMPTS - 1;
        try {
          const answer = await http.request(path, { ...init, signal: control.signal });
          const text = await answer.text();
          // What is gone after an attempt that nobody has answered was deleted by that.
          if (answer.ok || (failed && method === "DELETE" && answer.status === 404)) return JSON.parse(text);
          asked = delayOf(answer);
          error = http.refusal(answer.status, text, asked);
          final ||= !isPassing(answer.status) || asked > PATIENCE;
        } catch (cause) {
          error = http.unreachable(cause);
        } finally {
          patient();
        }
        if (final) throw error;
        await http.sleep(http.pause(failed, 8_000, asked));
      }
    },
    sleep: (ms) => new Promise((resolve) => void after(ms, resolve)),
    pause: (failed, most, asked = 0) =>
      Math.max(
        Math.min(FIRST * 2 ** failed, most) * (0.5 + random() / 2),
        Math.min(asked, 300_000) * (1 + random() / 4),
      ),
    unreachable: (cause) => new Unreachable(root + " does not answer" + ADVICE, { cause }),
    refusal(status, text, asked = 0) {
      let error: Partial<ApiError> | undefined;
      try {
        ({ error } = JSON.parse(text));
      } catch {} // a proxy's page, say
      const { message = `${root} answers ${status}${ADVICE}`, param, code } = error ?? {};
      const wait = asked > PATIENCE ? ` Wait ${Math.ceil(asked / PATIENCE)} min.` : "";
      return new ApiError(message + wait, status, param, code);
    },
  };
  return http;
}

/** The milliseconds that a `Retry-After` header asks for; 0 where there is none, or a date. */
export const delayOf = (answer: Response): number => +answer.headers.get("Retry-After")! * 1000 || 0;

/** Unlike `crypto.randomUUID`, this works on pages without https, too. */
export const newKey = (): string => crypto.getRandomValues(new Uint32Array(4)).join("-");

function origin(): string {
  const addresses = [import.meta.url, globalThis.location?.href, "http://127.0.0.1:8000"];
  return new URL(addresses.find((url) => /^http/.test(url!))!).origin;
}
