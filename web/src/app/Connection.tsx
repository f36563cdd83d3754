/** How the connection to the server stands: quietly while all is well. */

import { RotateCw } from "lucide-react";
import type { Status } from "livethread";
import { Button } from "../look/Button";
import styles from "./Connection.module.css";

const WORDS: Record<Status, string> = {
  connecting: "Connecting…",
  live: "Live",
  reconnecting: "Reconnecting…",
  offline: "Offline",
};

interface ConnectionProps {
  status: Status;
  /** Why, if it is known. */
  error: Error | null;
  /** Whether trying at once may help. */
  retry: boolean;
}

export function Connection({ status, error, retry }: ConnectionProps) {
  return (
    <div className={styles.connection}>
      <span role="status" aria-label="Connection" className={styles.state} data-status={status} title={error?.message}>
        <span className={styles.dot} aria-hidden="true" />
        <span className={styles.word}>{WORDS[status]}</span>
      </span>
      {retry && (
        <Button kind="quiet" className={styles.retry!} onClick={tryNow}>
          <RotateCw size={14} /> Try now
        </Button>
      )}
    </div>
  );
}

/** The client tries again at once when a page is looked at again; this tells it so. */
const tryNow = () => window.dispatchEvent(new Event("pageshow"));
