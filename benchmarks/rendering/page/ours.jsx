// Ours: `useThread`, a line with a key for each message, rendered again when that message has changed, as docs/javascript.md shows
// it. Lines stand in chunks of a hundred, so that React and the browser look into one of them for a token, however many there are.
import { memo, useRef } from "react";
import { createRoot } from "react-dom/client";
import { createClient } from "livethread";
import { useThread } from "livethread/react";

const CHUNK = 100;
const STYLE = ".chunk { content-visibility: auto; contain-intrinsic-size: auto 4000px } p { margin: 0 }";
const { thread_id, assistant_id, v1 } = window.given;
const client = createClient({ url: v1, limit: 100 });

window.load = async () => {
  const stop = client.loadThread(thread_id, () => {});
  await stop.ready;
  while (await client.older(thread_id));
  stop();
};

const Line = memo(function Line({ message }) {
  const text = message.content.map((part) => (part.type === "text" ? part.text.value : "")).join("");
  return (
    <div>
      <strong>{message.role}: </strong>
      {text.split("\n\n").map((paragraph, index) => (
        <p key={index}>{paragraph}</p>
      ))}
    </div>
  );
});

const Chunk = memo(function Chunk({ messages }) {
  return (
    <div className="chunk">
      {[...messages].reverse().map((message) => (
        <Line key={message.id} message={message} />
      ))}
    </div>
  );
});

/**
 * The chunk of the oldest first, and in each the newest first; counted from the oldest, so that a new message moves none.
 * One whose messages are all as they were is the same list as before.
 */
function chunksOf(messages, before) {
  const chunks = [];
  for (let end = messages.length; end > 0; end -= CHUNK) {
    const begin = Math.max(0, end - CHUNK);
    const known = before[chunks.length];
    let equal = known?.length === end - begin;
    for (let index = begin; equal && index < end; index++) equal = messages[index] === known[index - begin];
    chunks.push(equal ? known : messages.slice(begin, end));
  }
  return chunks;
}

function Page() {
  const { messages, run } = useThread(thread_id, { client });
  const chunks = useRef([]);
  chunks.current = chunksOf(messages, chunks.current);
  window.run = () => void run(assistant_id);
  return (
    <>
      <style>{STYLE}</style>
      {chunks.current.map((chunk) => (
        <Chunk key={chunk.at(-1).id} messages={chunk} />
      ))}
    </>
  );
}

createRoot(document.getElementById("root")).render(<Page />);
