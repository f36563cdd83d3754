/** Streams over the browser's own `EventSource`, for pages that want to see them in its developer tools, for example. */

import { type Follow, following, type Line, refuses } from "./connection.js";
import type { Http } from "./http.js";

/** An `EventSource` gives only those events that it was asked for by name. */
const TYPES = [
  ..."created updated deleted snapshot presence typing listed".split(" ").map((verb) => `thread.${verb}`),
  ..."created in_progress delta completed incomplete updated deleted".split(" ").map((verb) => `thread.message.${verb}`),
  ..."created queued in_progress requires_action completed incomplete failed cancelling cancelled expired updated"
    .split(" ")
    .map((verb) => `thread.run.${verb}`),
  ..."created in_progress delta completed failed cancelled expired".split(" ").map((verb) => `thread.run.step.${verb}`),
];

/**
 * Milliseconds without an event after which a source is replaced by another one: it does not tell of the server's signs of
 * life, and so nobody can know whether the old one is dead.
 */
const RENEWED = 30_000;

const sources = following(async (http, line) => {
  const refused = await listen(http, line);
  if (!refused || line.signal.aborted) return;
  // The source does not say why it is refused.
  const answer = await http.request(pathOf(line), { headers: { Accept: "text/event-stream" }, signal: line.signal });
  await refuses(http, answer, line);
});

/**
 * Follow streams over the browser's own `EventSource`, each tab for itself. It cannot send a token: where the server asks
 * for one, leave `follow` out.
 */
export const eventSource: Follow = (http, path, to, page) => {
  if (http.token === undefined) return sources(http, path, to, page);
  to.ended(new TypeError("An EventSource cannot send a token; leave out either the token or `follow: eventSource`."));
  return () => {};
};

/** One source after another, until one fails: whether it is the server that wants none. */
function listen(http: Http, line: Line): Promise<boolean> {
  const { signal, hear } = line;
  return new Promise((resolve) => {
    let source: EventSource;
    let renewal = () => {};
    const end = (refused: boolean) => {
      renewal();
      source.close();
      resolve(refused);
    };
    const sign = () => {
      renewal();
      renewal = http.after(RENEWED, () => {
        if (line.cursor() === "") return end(false); // what was missed meanwhile is read once it is told to be live again
        source.close();
        open();
      });
    };
    const open = () => {
      const mine = (source = new EventSource(http.root + pathOf(line)));
      const heard = ({ type, data, lastEventId }: MessageEvent<string>) => {
        if (mine !== source || signal.aborted) return;
        sign();
        if (!hear([{ type, data, id: lastEventId }])) end(false);
      };
      mine.onopen = () => {
        sign();
        if (!hear([])) end(false);
      };
      for (const type of TYPES) mine.addEventListener(type, heard);
      mine.addEventListener("error", (event) => {
        if (mine !== source || signal.aborted) return;
        // One that has data is the server's. A source that comes back by itself is not waited for: we know better when.
        if (event instanceof MessageEvent) hear([{ type: "error", data: event.data, id: "" }]);
        end(mine.readyState === EventSource.CLOSED);
      });
    };
    signal.addEventListener("abort", () => end(false));
    open();
  });
}

/** The path of the stream from where we are; a source sends no header before it has been cut. */
function pathOf({ path, cursor }: Line): string {
  const at = cursor();
  return at ? `${path}${path.includes("?") ? "&" : "?"}cursor=${encodeURIComponent(at)}` : path;
}
