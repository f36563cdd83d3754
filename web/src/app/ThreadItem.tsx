/** One thread in the list. */

import { Copy, Ellipsis, Pencil, Trash2 } from "lucide-react";
import type { ListedThread } from "livethread/list";
import { memo } from "react";
import { ago, exactly, fully } from "../look/ago";
import { Menu } from "../look/Menu";
import { addressOf, shareable } from "./address";
import { preview } from "./preview";
import styles from "./ThreadItem.module.css";
import { TitleField, useRenaming } from "./TitleField";

export const UNTITLED = "New thread";

/** The thread that is open, of which the list knows nothing else yet. */
export const OpenItem = ({ id, title, onOpen }: { id: string; title: string; onOpen: (id: string) => void }) => (
  <li className={styles.item}>
    <a href={addressOf(id)} className={styles.link} aria-current="page" onClick={() => onOpen(id)}>
      <span className={styles.title}>{title}</span>
    </a>
  </li>
);

interface ThreadItemProps {
  thread: ListedThread;
  title: string;
  /** Who wrote the last message, as the reader is to call them. */
  author: string | null;
  current: boolean;
  /** Whether something was said since the reader has seen it. */
  news: boolean;
  now: number;
  onOpen: (thread_id: string) => void;
  onRename: (thread_id: string, title: string) => void;
  onDelete: (thread: ListedThread) => void;
  onCopy: (address: string) => void;
}

export const ThreadItem = memo(function ThreadItem(props: ThreadItemProps) {
  const { thread, title, author, current, news, now, onOpen, onRename, onDelete, onCopy } = props;
  const { renaming, rename, onDone, back } = useRenaming<HTMLAnchorElement>((to) => onRename(thread.id, to));

  if (renaming) {
    return (
      <li className={styles.item} data-renaming="true">
        <TitleField title={thread.title ?? ""} onDone={onDone} />
      </li>
    );
  }
  return (
    <li className={styles.item}>
      <a
        ref={back}
        href={addressOf(thread.id)}
        className={styles.link}
        aria-current={current ? "page" : undefined}
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return; // a tab of its own
          event.preventDefault();
          onOpen(thread.id);
        }}
      >
        <span className={styles.title} data-news={news}>
          {news && <span className={styles.news} role="img" aria-label="New:" />}
          {title}
        </span>
        <time className={styles.time} dateTime={exactly(thread.active_at)} title={fully(thread.active_at)}>
          {ago(thread.active_at, now)}
        </time>
        <span className={styles.last}>
          {author && <span className={styles.author}>{author}: </span>}
          {thread.last_message ? preview(thread.last_message) : title === UNTITLED ? "No messages yet" : "…"}
        </span>
      </a>
      <Menu
        label={`Options for ${title}`}
        icon={<Ellipsis size={16} />}
        className={styles.options}
        items={[
          { label: "Rename", icon: <Pencil size={15} />, act: rename },
          { label: "Copy link", icon: <Copy size={15} />, act: () => onCopy(shareable(thread.id)) },
          { label: "Delete", icon: <Trash2 size={15} />, danger: true, act: () => onDelete(thread) },
        ]}
      />
    </li>
  );
});
