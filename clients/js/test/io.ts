/** Sockets that are played: what the server says to them is said by the test. */

import type { Io, IoSocket } from "../src/socket-io.js";

export class FakeSocket implements IoSocket {
  readonly said: [event: string, said: any][] = [];
  disconnected = false;
  readonly #hearing = new Map<string, (said?: any) => void>();
  /** The acknowledgements that are awaited, oldest first. */
  readonly #awaited: { event: string; answer: (said?: any) => void }[] = [];
  readonly io = { on: (event: "ping", hear: () => void) => this.on(event, hear) };

  constructor(
    readonly url: string,
    readonly options: any,
  ) {}

  on(event: string, hear: (said?: any) => void): void {
    this.#hearing.set(event, hear);
  }

  emit(event: string, said: any, answer?: (said?: any) => void): void {
    this.said.push([event, said]);
    if (answer) this.#awaited.push({ event, answer });
  }

  disconnect(): void {
    this.disconnected = true;
  }

  /** The server says something, or something happens to the connection. */
  tell(event: string, said?: any): void {
    this.#hearing.get(event)!(said);
  }

  /** The server acknowledges the oldest event of a name. */
  answer(event: string, said?: any): void {
    const at = this.#awaited.findIndex((awaited) => awaited.event === event);
    this.#awaited.splice(at, 1)[0]!.answer(said);
  }

  /** The server tells of a thread. */
  event(thread_id: string, id: string | null, event = "thread.updated", data: unknown = {}): void {
    this.tell("thread.event", { thread_id, id, event, data });
  }
}

/** An `io`, and all sockets that it has made. */
export function fakeIo() {
  const made: FakeSocket[] = [];
  const io: Io = (url, options) => {
    made.push(new FakeSocket(url, options));
    return made.at(-1)!;
  };
  return { io, made, now: () => made.at(-1)! };
}
