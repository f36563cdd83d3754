/** The page around a conversation: the list beside it, the header above. */

import { ApiError, type Client } from "livethread";
import { useThreads } from "livethread/react";
import { useCallback, useEffect, useRef, useState } from "react";
import { go, serverUrl, useAddress } from "./address";
import { Boundary } from "./Boundary";
import { Connect } from "./Connect";
import { Header } from "./Header";
import { Main } from "./Main";
import type { Me } from "./person";
import styles from "./Shell.module.css";
import { Sidebar } from "./Sidebar";
import { Threads } from "./Threads";
import { Toast, useToast } from "./Toast";
import { UNTITLED } from "./ThreadItem";
import { useAssistants } from "./useAssistants";
import { useNarrow } from "./useNarrow";
import { useThreadFacts } from "./useThreadFacts";
import { useTitle } from "./useTitle";

interface ShellProps {
  client: Client;
  me: Me;
  /** Asks for another nickname. */
  onMe: () => void;
  /** Called when the server lets us in only with a key, or with another one. */
  onLocked: () => void;
  /** Forgets the key, where there is one. */
  onForget: (() => void) | null;
}

export function Shell({ client, me, onMe, onLocked, onForget }: ShellProps) {
  const thread_id = useAddress();
  const list = useThreads({ client });
  const { assistants, error: unread, reload } = useAssistants(client, list.status === "live");
  const facts = useThreadFacts(client, thread_id);
  const narrow = useNarrow();
  const [drawer, setDrawer] = useState(false);
  const [connecting, setConnecting] = useState(false);
  const [sentence, tell] = useToast();
  const main = useRef<HTMLElement>(null);
  const first = useRef<HTMLButtonElement>(null);
  const opener = useRef<HTMLButtonElement>(null);

  const listed = list.threads.find(({ id }) => id === thread_id);
  const gone = thread_id !== null && (facts.deleted || facts.refusal !== null);
  const title = (!gone && (listed?.title ?? facts.title)) || (gone ? "No thread" : null);
  useTitle(thread_id ? title : null, thread_id, facts.known ? facts.answer : undefined);

  const locked = [list.error, facts.error, unread].some((error) => error instanceof ApiError && error.status === 401);
  useEffect(() => {
    if (locked) onLocked();
  }, [locked, onLocked]);

  const open = narrow && drawer;
  const close = useCallback(() => setDrawer(false), []);
  useEffect(close, [close, thread_id]); // also where Back has led elsewhere
  useEffect(() => {
    if (!open) return;
    first.current?.focus();
    const key = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented) close();
    };
    document.addEventListener("keydown", key);
    return () => {
      document.removeEventListener("keydown", key);
      opener.current?.focus();
    };
  }, [open, close]);

  const show = useCallback(
    (id: string | null) => {
      close();
      if (id !== thread_id) go(id);
    },
    [close, thread_id],
  );

  const { status, error } = thread_id && !gone ? facts : list;
  const final = error instanceof ApiError && status === "offline";
  return (
    <div className={styles.shell}>
      <button type="button" className={styles.skip} onClick={() => main.current?.focus()}>
        Skip to the conversation
      </button>
      <aside className={styles.side} data-open={open} inert={narrow && !open} aria-label="Threads and choices">
        <Boundary what="The list">
          <Sidebar me={me} first={first} onNew={() => show(null)} onMe={onMe} onConnect={() => setConnecting(true)}>
            <Threads
              client={client}
              list={list}
              assistants={assistants ?? []}
              me={me}
              current={thread_id}
              title={gone ? null : title}
              onOpen={show}
              onTell={tell}
            />
          </Sidebar>
        </Boundary>
      </aside>
      {open && <div className={styles.scrim} onClick={close} />}
      <main ref={main} tabIndex={-1} className={styles.main} inert={open}>
        <Boundary what="The header">
          <Header
            key={thread_id}
            thread_id={thread_id}
            title={title ?? UNTITLED}
            known={facts.known && !gone}
            people={facts.people}
            status={status}
            error={error}
            me={me}
            retry={(status === "reconnecting" || status === "offline") && !final}
            onRename={(to) => void list.rename(thread_id!, to).catch((error: Error) => tell(`It could not be renamed: ${error.message}`))}
            onTell={tell}
            onDrawer={narrow ? () => setDrawer(true) : null}
            drawerButton={opener}
          />
        </Boundary>
        <Main
          client={client}
          me={me}
          thread_id={thread_id}
          facts={facts}
          assistants={assistants}
          unread={unread}
          onAssistants={reload}
        />
      </main>
      <Toast sentence={sentence} />
      {connecting && (
        <Connect
          url={serverUrl()}
          assistant_id={assistants?.[0]?.id ?? null}
          onForget={onForget}
          onClose={() => setConnecting(false)}
        />
      )}
    </div>
  );
}
