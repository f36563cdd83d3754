/** The list of threads, which moves as things are said in them. */

import type { Client } from "livethread";
import type { ListedThread, ListState, ThreadList } from "livethread/list";
import { useCallback, useEffect, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { useNow } from "../look/ago";
import { Button } from "../look/Button";
import { addressOf, go } from "./address";
import { DeleteThread } from "./DeleteThread";
import { useNews } from "./news";
import type { Me } from "./person";
import { copiedLink } from "./sharing";
import { matching, ThreadFilter } from "./ThreadFilter";
import { OpenItem, ThreadItem, UNTITLED } from "./ThreadItem";
import styles from "./Threads.module.css";
import type { Assistant } from "./useAssistants";

/** More than these are worth a filter. */
const MANY = 10;
/** So many are looked through without being asked to. */
const FAR = 1_000;

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

interface Deleting {
  thread: ListedThread;
  /** The id of what stands beside it. */
  beside: string | undefined;
}

export function Threads({ client, list, assistants, me, current, title, onOpen, onTell }: ThreadsProps) {
  const { threads, has_more, status, error, more, rename } = list;
  const now = useNow();
  const hasNews = useNews(threads, current, me);
  const [wanted, setWanted] = useState("");
  const [deleting, setDeleting] = useState<Deleting | null>(null);
  const nav = useRef<HTMLElement>(null);
  const end = useRef<HTMLDivElement>(null);

  const filtered = wanted.trim() !== "";
  const shown = filtered ? matching(threads, wanted.trim()) : threads;
  const far = filtered && threads.length >= FAR;

  const before = useRef(filtered);
  useEffect(() => {
    if (before.current && !filtered) nav.current!.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
    before.current = filtered;
  }, [filtered]);
  /** The list has not come as far as the thread that is open. */
  const beyond = !!current && !!title && has_more && !filtered && !threads.some(({ id }) => id === current);

  const load = useCallback(() => void more().catch((error: Error) => onTell(error.message)), [more, onTell]);
  useEffect(() => {
    if (!has_more || far || status !== "live") return;
    const sight = new IntersectionObserver(([entry]) => entry?.isIntersecting && load(), { rootMargin: "400px" });
    sight.observe(end.current!);
    return () => sight.disconnect();
  }, [has_more, far, status, load, threads.length]); // again behind each page: its end may be in sight still

  const onRename = useCallback(
    (id: string, title: string) => void rename(id, title).catch((error: Error) => onTell(`It could not be renamed: ${error.message}`)),
    [rename, onTell],
  );
  const listed = useRef(shown);
  listed.current = shown;
  const onDelete = useCallback((thread: ListedThread) => {
    const at = listed.current.findIndex(({ id }) => id === thread.id);
    setDeleting({ thread, beside: (listed.current[at + 1] ?? listed.current[at - 1])?.id });
  }, []);
  const onCopy = useCallback((address: string) => copiedLink(address).then(onTell), [onTell]);

  /** Whatever had the focus is gone with the thread; what stood beside it has it then. */
  const onDeleted = ({ id }: ListedThread, beside: string | undefined) => {
    flushSync(() => setDeleting(null));
    const links = [...nav.current!.querySelectorAll<HTMLElement>("a")];
    const link = beside && links.find((link) => link.getAttribute("href") === addressOf(beside));
    (link || nav.current!).focus();
    if (id === current) go(null, { replacing: true });
    onTell("The thread is deleted.");
  };

  const authorOf = ({ last_message }: ListedThread): string | null => {
    if (!last_message) return null;
    const { role, assistant_id, name, user_id } = last_message.author;
    if (user_id === me.user_id) return "You";
    if (name) return name;
    const assistant = assistants.find(({ id }) => id === assistant_id)?.name;
    return assistant ?? (role === "assistant" ? "Assistant" : null);
  };

  return (
    <nav ref={nav} tabIndex={-1} className={styles.threads} aria-label="Threads">
      {(threads.length > MANY || wanted) && (
        <ThreadFilter wanted={wanted} onWanted={setWanted} found={shown.length} among={threads.length} has_more={has_more} />
      )}
      {shown.length > 0 && (
        <ul className={styles.list}>
          {beyond && <OpenItem id={current} title={title} onOpen={onOpen} />}
          {shown.map((thread) => (
            <ThreadItem
              key={thread.id}
              thread={thread}
              title={thread.title ?? (thread.id === current ? title : null) ?? UNTITLED}
              author={authorOf(thread)}
              current={thread.id === current}
              news={hasNews(thread)}
              now={now}
              onOpen={onOpen}
              onRename={onRename}
              onDelete={onDelete}
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
        <DeleteThread
          client={client}
          thread={deleting.thread}
          onClose={() => setDeleting(null)}
          onDeleted={() => onDeleted(deleting.thread, deleting.beside)}
        />
      )}
    </nav>
  );
}
