/** A server that is played: it answers as it is told to, and its streams say what the test says. */

export interface Asked {
  method: string;
  /** Behind `/v1`. */
  path: string;
  query: URLSearchParams;
  body: any;
  key: string | undefined;
}

export class Desk {
  readonly url = "http://desk";
  /** Everything but streams, in order. */
  readonly asked: Asked[] = [];
  /** The path and query of every stream that was opened, and how many stand. */
  readonly opened: string[] = [];
  standing = 0;
  /** Answers to come, instead of what would be answered; an error is that nobody answers. */
  readonly instead: (Response | Error)[] = [];
  /** What is waited for before anything is answered. */
  gate: Promise<unknown> | undefined;
  /** What is waited for before a stream is opened. */
  door: Promise<unknown> | undefined;
  private readonly streams = new Map<string, ReadableStreamDefaultController<Uint8Array>>();

  /**
   * @param answer - what there is to say to a request
   * @param begin - what a stream begins with
   */
  constructor(
    private readonly answer: (asked: Asked) => Response = () => refusal(404),
    private readonly begin: (path: string) => string = () => ":\n",
  ) {}

  /** Say something in the newest stream of a path. */
  say(path: string, type: string, data: unknown, id?: string): void {
    this.streams.get(path)!.enqueue(encoded(event(type, data, id)));
  }

  /** Break that stream off. */
  cut(path: string): void {
    this.streams.get(path)!.error(new TypeError("cut"));
  }

  readonly fetch: typeof fetch = async (address, init) => {
    const { pathname, search, searchParams } = new URL(address as string);
    const path = pathname.replace("/v1", "");
    if (path.endsWith("/events")) {
      await this.door;
      return this.open(path, search, init!.signal!);
    }
    const headers = init!.headers as Record<string, string>;
    const body = init!.body && JSON.parse(init!.body as string);
    const asked = { method: init!.method!, path, query: searchParams, body, key: headers["Idempotency-Key"] };
    this.asked.push(asked);
    await this.gate;
    const instead = this.instead.shift();
    if (instead instanceof Error) throw instead;
    return instead ?? this.answer(asked);
  };

  /** For clients of this server. */
  readonly options = { url: this.url, fetch: this.fetch };

  private open(path: string, search: string, signal: AbortSignal): Response {
    this.opened.push(path + search);
    this.standing++;
    const body = new ReadableStream<Uint8Array>({
      start: (stream) => {
        this.streams.set(path, stream);
        stream.enqueue(encoded(this.begin(path)));
        signal.addEventListener("abort", () => {
          this.standing--;
          stream.error(signal.reason);
        });
      },
    });
    return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
  }
}

export const event = (type: string, data: unknown, id?: string): string =>
  `event: ${type}\ndata: ${JSON.stringify(data)}\n${id ? `id: ${id}\n` : ""}\n`;

export const refusal = (status: number, param: string | null = null): Response =>
  Response.json({ error: { message: "No.", param, code: null } }, { status });

const encoded = (text: string) => new TextEncoder().encode(text);

/** A message of a thread, as the server has it. */
export const message = (thread_id: string, id: string, text: string, rest: object = {}) => ({
  id, object: "thread.message", thread_id, created_at: 1, role: "user", status: "completed",
  content: text ? [{ type: "text", text: { value: text, annotations: [] } }] : [],
  run_id: null, assistant_id: null, metadata: {}, ...rest,
});

/** What the stream of a thread begins with. */
export const snapshot = (thread_id: string, messages: object[] = [], rest: object = {}) =>
  event(
    "thread.snapshot",
    {
      object: "thread.snapshot", thread: { id: thread_id, object: "thread", created_at: 1, metadata: {} },
      messages, has_more: false, runs: [], run_steps: [], people: [], cursor: "1.a", ...rest,
    },
    "1.a",
  );
