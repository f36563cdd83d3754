/** The list of threads, which moves as things are said in them. */

import type { Client } from "livethread";
import type { ListedThread, ListState, ThreadList } from "livethread/list";
import { useCallback, useEffect, useRef, useState } from "react";
import { useNow } from "../look/ago";
import { Button } from "../look/Button";
import { Dialog, DialogActions } from "../look/Dialog";
import { go } from "./address";
import type { Me } from "./person";
import { ThreadItem, UNTITLED } from "./ThreadItem";
import styles from "./Threads.module.css";
import type { Assistant } from "./useAssistants";

interface ThreadsProps {
  client: Client;
  list: ListState & Pick<ThreadList, "more" | "rename">;
  assistants: readonly Assistant[];
  me: Me;
  /** The one that is shown. */
  current: string | null;
  /** What the page itself calls that one: the list is told of a new thread a second later. */
  title: string | null;
  onOpen: (thread_id: string) => void;
  /** Says in a moment what was done, or why it was not. */
  onTell: (sentence: string) => void;
}

export function Threads({ client, list, assistants, me, current, title, onOpen, onTell }: ThreadsProps) {
  const { threads, has_more, status, error, more, rename } = list;
  const now = useNow();
  const [deleting, setDeleting] = useState<ListedThread | null>(null);
  const end = useRef<HTMLDivElement>(null);

  const load = useCallback(() => void more().catch((error: Error) => onTell(error.message)), [more, onTell]);
  useEffect(() => {
    if (!has_more || status !== "live") return;
    const sight = new IntersectionObserver(([entry]) => entry?.isIntersecting && load(), { rootMargin: "400px" });
    sight.observe(end.current!);
    return () => sight.disconnect();
  }, [has_more, status, load, threads.length]); // again behind each page: its end may be in sight still

  const onRename = useCallback(
    (id: string, title: string) => void rename(id, title).catch((error: Error) => onTell(`It could not be renamed: ${error.message}`)),
    [rename, onTell],
  );
  const onCopy = useCallback((address: string) => copied(address).then(onTell), [onTell]);

  const authorOf = ({ last_message }: ListedThread): string | null => {
    if (!last_message) return null;
    const { role, assistant_id, name, user_id } = last_message.author;
    if (user_id === me.user_id) return "You";
    if (name) return name;
    const assistant = assistants.find(({ id }) => id === assistant_id)?.name;
    return assistant ?? (role === "assistant" ? "Assistant" : null);
  };

  return (
    <nav className={styles.threads} aria-label="Threads">
      {threads.length > 0 && (
        <ul className={styles.list}>
          {threads.map((thread) => (
            <ThreadItem
              key={thread.id}
              thread={thread}
              title={thread.title ?? (thread.id === current ? title : null) ?? UNTITLED}
              author={authorOf(thread)}
              current={thread.id === current}
              now={now}
              onOpen={onOpen}
              onRename={onRename}
              onDelete={setDeleting}
              onCopy={onCopy}
            />
          ))}
        </ul>
      )}
      {threads.length === 0 && (
        <p className={styles.none}>
          {status === "live"
            ? "No threads yet. One begins with your first message."
            : (error?.message ?? "Looking for threads…")}
        </p>
      )}
      {has_more && (
        <div ref={end} className={styles.more}>
          <Button kind="quiet" onClick={load}>
            Show more threads
          </Button>
        </div>
      )}
      {deleting && (
        <Delete
          client={client}
          thread={deleting}
          onClose={() => setDeleting(null)}
          onDeleted={() => {
            if (deleting.id === current) go(null, { replacing: true });
            setDeleting(null);
            onTell("The thread is deleted.");
          }}
        />
      )}
    </nav>
  );
}

/** Puts an address where it can be pasted from; resolves with what to say of it. */
export async function copied(address: string): Promise<string> {
  try {
    await navigator.clipboard.writeText(address);
    return "The link is copied.";
  } catch {
    return `This browser does not let us copy. The link: ${address}`; // without https, for example
  }
}

function Delete({ client, thread, onClose, onDeleted }: DeleteProps) {
  const [deleting, setDeleting] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const act = async () => {
    setDeleting(true);
    setProblem(null);
    try {
      await client.deleteThread(thread.id);
      onDeleted();
    } catch (error) {
      setProblem((error as Error).message);
      setDeleting(false);
    }
  };
  return (
    <Dialog title="Delete this thread?" onClose={onClose}>
      <p className={styles.question}>
        “{thread.title ?? UNTITLED}” and all its messages will be gone, for everybody. This cannot be undone.
      </p>
      {problem && (
        <p className={styles.problem} role="alert">
          {problem}
        </p>
      )}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="danger" disabled={deleting} onClick={act}>
          {deleting ? "Deleting…" : "Delete"}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

interface DeleteProps {
  client: Client;
  thread: ListedThread;
  onClose: () => void;
  onDeleted: () => void;
}
