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

  constructor(
    message: string,
    /** Of HTTP. */
    readonly status: number,
    /** Which field is wrong, if it is one. */
    readonly param: string | null = null,
    readonly code: string | null = null,
  ) {
    super(message);
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

/** Whether an answer may be another one a moment later; every other refusal is final. */
export const isPassing = (status: number): boolean => status >= 500 || [408, 425, 429].includes(status);

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
  /** An error in the words of an answer that is no success. */
  refusal(status: number, text: string): ApiError;
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
          if (answer.ok) return JSON.parse(text);
          error = http.refusal(answer.status, text);
          final ||= !isPassing(answer.status);
          asked = delayOf(answer);
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
    unreachable: (cause) => new Unreachable(`${root} does not answer${ADVICE}`, { cause }),
    refusal(status, text) {
      try {
        const { message, param, code } = JSON.parse(text).error;
        return new ApiError(message, status, param, code);
      } catch {
        return new ApiError(`The server answers ${status}${ADVICE}`, status);
      }
    },
  };
  return http;
}

/** The milliseconds that a `Retry-After` header asks for; 0 where there is none, or a date. */
export const delayOf = (answer: Response): number => +answer.headers.get("Retry-After")! * 1000 || 0;

/** Unlike `crypto.randomUUID`, this works on pages without https, too. */
export const newKey = (): string => crypto.getRandomValues(new Uint32Array(4)).join("-");

function origin(): string {
  const address = [import.meta.url, globalThis.location?.href].find((url) => /^http/.test(url!));
  return new URL(address ?? "http://127.0.0.1:8000").origin;
}
