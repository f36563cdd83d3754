/**
 * The server-sent events in the body of a response to `fetch`, as `{ type, data }`.
 *
 * The network cuts anywhere: in the middle of an event, of a line, of CRLF, of a character. So bytes become text by a decoder
 * that waits for the rest of a character, and text becomes lines only up to the last line that is whole.
 */
export async function* events(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  let type = "";
  let data = [];
  try {
    for (let ended = false; !ended; ) {
      const piece = await reader.read();
      ended = piece.done;
      rest += decoder.decode(piece.value, { stream: !ended });
      if (ended && rest.endsWith("\r")) rest += "\n";
      const lines = rest.split(/\r\n|\n|\r(?!$)/); // a CR at the very end may be half of a CRLF
      rest = lines.pop();
      for (const line of lines) {
        if (line === "") {
          if (data.length) yield { type: type || "message", data: data.join("\n") };
          type = "";
          data = [];
          continue;
        }
        const [, name, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line);
        if (name === "data") data.push(value);
        else if (name === "event") type = value; // a comment has no name; `id` and `retry` are of no use here
      }
    }
  } finally {
    await reader.cancel().catch(() => {}); // whoever leaves the loop early has the server stop
  }
}
