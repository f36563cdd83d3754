/** What the page says of the thread that is shown: its title, who is there, how the connection stands. */

import { Link, Menu as MenuIcon, Pencil, Share } from "lucide-react";
import type { Person, Status } from "livethread";
import type { Ref } from "react";
import { IconButton } from "../look/Button";
import { shareable } from "./address";
import { Connection } from "./Connection";
import styles from "./Header.module.css";
import { People } from "./People";
import type { Me } from "./person";
import { canShare, copiedLink, shared } from "./sharing";
import { UNTITLED } from "./ThreadItem";
import { TitleField, useRenaming } from "./TitleField";

interface HeaderProps {
  /** Null where a new thread begins. */
  thread_id: string | null;
  title: string;
  /** Whether there is such a thread. */
  known: boolean;
  people: readonly Person[];
  status: Status;
  /** Why the connection does not stand, if that is known. */
  error: Error | null;
  me: Me;
  /** Whether the connection may be tried at once. */
  retry: boolean;
  onRename: (title: string) => void;
  onTell: (sentence: string) => void;
  /** Opens the list, where it is a drawer. */
  onDrawer: (() => void) | null;
  drawerButton: Ref<HTMLButtonElement>;
}

export function Header(props: HeaderProps) {
  const { thread_id, title, known, people, status, error, me, retry, onRename, onTell, onDrawer, drawerButton } = props;
  const { renaming, rename, onDone, back } = useRenaming<HTMLButtonElement>(onRename);
  const address = thread_id ? shareable(thread_id) : "";
  const tell = (sentence: string | null) => sentence && onTell(sentence);
  const others = people.filter(({ user_id }) => user_id !== me.user_id);
  return (
    <header className={styles.header}>
      {onDrawer && (
        <IconButton ref={drawerButton} label="Show threads" onClick={onDrawer}>
          <MenuIcon size={20} />
        </IconButton>
      )}
      <div className={styles.about}>
        {renaming ? (
          <TitleField title={title === UNTITLED ? "" : title} onDone={onDone} />
        ) : (
          <div className={styles.line}>
            <h1 className={styles.title} title={title}>
              {title}
            </h1>
            {thread_id && known && (
              <>
                <IconButton ref={back} label="Rename thread" className={styles.small!} onClick={rename}>
                  <Pencil size={14} />
                </IconButton>
                {onDrawer && canShare() ? (
                  <IconButton label="Share link" className={styles.small!} onClick={() => void shared(title, address).then(tell)}>
                    <Share size={14} />
                  </IconButton>
                ) : (
                  <IconButton label="Copy link" className={styles.small!} onClick={() => void copiedLink(address).then(tell)}>
                    <Link size={14} />
                  </IconButton>
                )}
              </>
            )}
          </div>
        )}
        {thread_id && known && !renaming && (
          <p className={styles.who}>
            {whoIsHere(others.map(({ name }) => name), people.length > 0)}
          </p>
        )}
      </div>
      <People people={people} me={me} />
      <Connection status={status} error={error} retry={retry} />
    </header>
  );
}

function whoIsHere(others: string[], any: boolean): string {
  if (!any) return " ";
  if (!others.length) return "Only you are here";
  if (others.length === 1) return `You and ${others[0]}`;
  if (others.length === 2) return `You, ${others[0]} and ${others[1]}`;
  return `You, ${others[0]} and ${others.length - 1} others`;
}
