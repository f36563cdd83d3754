// A stream of server-sent events, read as the HTML standard says: any line ends, any pieces.

export interface ServerSentEvent {
  event: string;
  data: string;
}

export async function* sse(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<ServerSentEvent> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader(); // a character may come in two pieces
  let rest = "";
  let event = "";
  let data: string[] = [];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return; // what no empty line has ended is no event
      const lines = (rest + value).split(/\r\n|\n|\r(?!$)/); // a CR at the end may be half of a CRLF
      rest = lines.pop()!;
      for (const line of lines) {
        const [, field, text] = /^([^:]*):? ?(.*)$/s.exec(line)!;
        if (field === "event") event = text!;
        else if (field === "data") data.push(text!);
        else if (line === "") {
          if (data.length) yield { event: event || "message", data: data.join("\n") };
          event = "";
          data = [];
        }
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
