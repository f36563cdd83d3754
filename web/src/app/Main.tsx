/** What is in the middle: a conversation, where a new one begins, or why neither is to be had. */

import type { Client } from "livethread";
import { Conversation } from "../conversation/Conversation";
import { Begin } from "./Begin";
import { Boundary } from "./Boundary";
import { streaming } from "./choices";
import { Gone } from "./Gone";
import { useKept } from "./kept";
import { NoAssistants, UnknownAssistants } from "./NoAssistants";
import type { Me } from "./person";
import type { Assistant } from "./useAssistants";
import type { ThreadFacts } from "./useThreadFacts";

interface MainProps {
  client: Client;
  me: Me;
  thread_id: string | null;
  facts: ThreadFacts;
  /** Null until they are known. */
  assistants: readonly Assistant[] | null;
  /** Why they are not. */
  unread: Error | null;
  /** Looks for them again. */
  onAssistants: () => Promise<void>;
}

export function Main({ client, me, thread_id, facts, assistants, unread, onAssistants }: MainProps) {
  const [live] = useKept(streaming);
  const { deleted, known, refusal } = facts;
  if (thread_id && deleted) {
    return (
      <Gone
        key={thread_id}
        thread_id={thread_id}
        title="This thread is no longer here"
        text="It was deleted, or this server does not have it."
        unknown
        onLook={() => location.reload()} // what the client still knows of it would be in the way
      />
    );
  }
  if (thread_id && !known && refusal) {
    const unknown = refusal.status === 404 || refusal.status === 400;
    return (
      <Gone
        key={thread_id}
        thread_id={thread_id}
        title={unknown ? "There is no such thread" : "This thread cannot be shown"}
        text={unknown ? `It may have been deleted, or its address is not whole. The server says: ${refusal.message}` : refusal.message}
        unknown={unknown}
        onLook={() => lookAgain(client, thread_id)}
      />
    );
  }
  return (
    <Boundary key={thread_id} what="The conversation">
      {!assistants && unread && <UnknownAssistants error={unread} onRetry={onAssistants} />}
      {assistants?.length === 0 && <NoAssistants client={client} onMade={onAssistants} />}
      {thread_id ? (
        <Conversation
          client={client}
          threadId={thread_id}
          me={me}
          assistants={assistants}
          onAssistants={onAssistants}
          streaming={live}
        />
      ) : (
        <Begin client={client} me={me} assistants={assistants} />
      )}
    </Boundary>
  );
}

/** Whoever shows the thread holds it open; one that was refused is asked for anew by the next who wants it. */
function lookAgain(client: Client, thread_id: string): void {
  const stop = client.loadThread(thread_id, () => {});
  stop.ready.catch(() => {}).finally(stop); // what comes of it stands in the thread's state
}
