/** Text to which more comes: what is there stays, and with it what a reader has marked in it. */

import { memo, useLayoutEffect, useRef, useState } from "react";

export const GrowingText = memo(function GrowingText({ text }: { text: string }) {
  const span = useRef<HTMLSpanElement>(null);
  const [first] = useState(text); // all that React is told of: it would set the whole text anew
  useLayoutEffect(() => {
    const node = span.current!.firstChild;
    if (node instanceof Text && !node.nextSibling) continued(node, text);
    else span.current!.textContent = text; // others have been here, such as a translator
  }, [text]);
  return <span ref={span}>{first}</span>;
});

function continued(node: Text, text: string): void {
  const { data } = node;
  if (data === text) return;
  const same = text.startsWith(data) ? data.length : data.startsWith(text) ? text.length : 0;
  node.replaceData(same, data.length - same, text.slice(same));
}
