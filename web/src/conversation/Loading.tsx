/** What stands in the place of messages before they are there. */

import type { Message } from "livethread";
import { useEffect, useState } from "react";
import { type AroundConversation, AroundProvider, type Me } from "./Around";
import { begin, begunWith } from "./begun";
import styles from "./Loading.module.css";
import { PersonMessage } from "./PersonMessage";

/** Lines where a thread's messages will be; in one that has just begun here, what it begins with. */
export function Loading({ of }: { of: string }) {
  const [message] = useState(() => begunWith(of));
  useEffect(() => () => begin(of, null), [of]);
  if (message) return <PersonMessage message={message} continues={false} />;
  return (
    <div className={styles.lines} aria-hidden="true">
      {[62, 88, 74, 91, 45].map((width) => (
        <i key={width} style={{ width: `${width}%` }} />
      ))}
    </div>
  );
}

/** A message on its way to a thread that is none yet. */
export const First = ({ message, me }: { message: Message; me: Me }) => (
  // One's own message asks for no more.
  <AroundProvider value={{ me, nameOf: () => me.name } as unknown as AroundConversation}>
    <PersonMessage message={message} continues={false} />
  </AroundProvider>
);
