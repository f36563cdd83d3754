// Ours: `useThread`, a line with a key for each message, rendered again when that message has changed, as docs/javascript.md shows
// it. A hundred lines make a chunk and ten chunks a section, so that React and the browser look into few of them for a token.
import { memo, useRef } from "react";
import { createRoot } from "react-dom/client";
import { createClient } from "livethread";
import { useThread } from "livethread/react";

const LINES = 100;
const CHUNKS = 10;
const STYLE = ".section { content-visibility: auto; contain-intrinsic-size: auto 40000px } p { margin: 0 }";
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

const Chunk = memo(function Chunk({ lines }) {
  return <div>{upwards(lines, (message) => <Line key={message.id} message={message} />)}</div>;
});

const Section = memo(function Section({ chunks }) {
  return <div className="section">{upwards(chunks, (lines) => <Chunk key={lines.at(-1).id} lines={lines} />)}</div>;
});

/** The oldest first, as it is read. */
function upwards(list, shown) {
  return list.map(shown).reverse();
}

/** A list in groups of a size, all newest first and counted from the oldest; a group that holds what it held is the same. */
function groups(list, size, before) {
  const count = Math.ceil(list.length / size);
  return Array.from({ length: count }, (_, index) => {
    const end = list.length - (count - 1 - index) * size;
    const begin = Math.max(0, end - size);
    const known = before[before.length - count + index];
    let same = known?.length === end - begin;
    for (let at = begin; same && at < end; at++) same = list[at] === known[at - begin];
    return same ? known : list.slice(begin, end);
  });
}

function Page() {
  const { messages, run } = useThread(thread_id, { client });
  const chunks = useRef([]);
  const sections = useRef([]);
  chunks.current = groups(messages, LINES, chunks.current);
  sections.current = groups(chunks.current, CHUNKS, sections.current);
  window.run = () => void run(assistant_id);
  return (
    <>
      <style>{STYLE}</style>
      {upwards(sections.current, (chunks) => (
        <Section key={chunks.at(-1).at(-1).id} chunks={chunks} />
      ))}
    </>
  );
}

createRoot(document.getElementById("root")).render(<Page />);
