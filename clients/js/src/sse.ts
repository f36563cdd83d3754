/** Server-sent events by the WHATWG rules: text to events. The twin of `livethread.sse`; both replay `spec/cases/sse.json`. */

export interface SseEvent {
  /** The `event` field; `message` where it had none. */
  type: string;
  /** The `data` lines, joined by LF. */
  data: string;
  /** The last event id in force, which stays until another is sent; "" before the first. */
  id: string;
  /** Milliseconds to wait before a reconnect, if this very event said so. */
  retry?: number;
}

/**
 * Turns the text of a stream into events, however it is cut into pieces. An event that the stream leaves
 * unfinished is never returned. Bytes become text before, by one `TextDecoder` for the whole stream, which drops the
 * byte order mark.
 */
export class Decoder {
  #afterCr = false;
  #rest = ""; // the line that has no end yet
  #event: { type?: string; retry?: number } = {}; // what is said of the one under way
  #data: string[] = [];
  #id = "";

  /** The events that are complete with this text. */
  feed(text: string): SseEvent[] {
    const events: SseEvent[] = [];
    if (!text) return events;
    // The CR has ended its line already: waiting for a possible LF would hold the event back.
    if (this.#afterCr && text[0] === "\n") text = text.slice(1);
    this.#afterCr = text.endsWith("\r");
    const lines = text.split(/\r\n|\r|\n/);
    lines[0] = this.#rest + lines[0];
    this.#rest = lines.pop()!;
    for (const line of lines) {
      const [, name, value = ""] = /^([^:]*)(?:: ?([^]*))?$/.exec(line)!;
      if (!line) {
        // The event is complete; without data it is none, but its id is in force.
        const data = this.#data.join("\n");
        if (this.#data.length) events.push({ type: "message", ...this.#event, data, id: this.#id });
        this.#data = [];
        this.#event = {};
      } else if (name === "data") this.#data.push(value);
      else if (name === "event") this.#event.type = value || "message";
      else if (name === "id" && !value.includes("\0")) this.#id = value;
      else if (name === "retry" && /^\d{1,15}$/.test(value)) this.#event.retry = +value;
    }
    return events;
  }
}
