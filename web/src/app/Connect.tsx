/** How another program speaks with this server. */

import { Check, Copy, ExternalLink } from "lucide-react";
import { useState } from "react";
import { copied } from "../conversation/clipboard";
import { Button, IconButton } from "../look/Button";
import { Dialog } from "../look/Dialog";
import styles from "./Connect.module.css";
import { examples } from "./examples";

interface ConnectProps {
  url: string;
  /** To speak to; null if there is none. */
  assistant_id: string | null;
  /** Forgets the key of this browser, if it has one. */
  onForget: (() => void) | null;
  onClose: () => void;
}

export function Connect({ url, assistant_id, onForget, onClose }: ConnectProps) {
  const all = examples(url, assistant_id ?? "asst_…", onForget !== null);
  const [shown, setShown] = useState(all[0]!.name);
  const { name, text } = all.find((example) => example.name === shown)!;
  return (
    <Dialog title="Connect an app" wide onClose={onClose}>
      <p className={styles.text}>
        Livethread speaks the Assistants API v2. Give any of its SDKs this base URL, and everything that they do shows
        here while it happens.
      </p>
      <Copyable label="base URL" text={`${url}/v1`} />
      <div className={styles.tabs} role="group" aria-label="Examples">
        {all.map((example) => (
          <button
            key={example.name}
            type="button"
            aria-pressed={example.name === name}
            className={styles.tab}
            onClick={() => setShown(example.name)}
          >
            {example.name}
          </button>
        ))}
      </div>
      <Copyable key={name} label={`${name} example`} text={text} />
      <p className={styles.links}>
        <a href="docs" target="_blank" rel="noreferrer">
          API docs <ExternalLink size={13} />
        </a>
        {onForget && (
          <Button kind="quiet" onClick={onForget}>
            Forget the key in this browser
          </Button>
        )}
      </p>
    </Dialog>
  );
}

function Copyable({ label, text }: { label: string; text: string }) {
  const [done, setDone] = useState<boolean | null>(null);
  return (
    <div className={styles.copyable}>
      <pre className={styles.code} tabIndex={0} aria-label={label}>
        <code>{text}</code>
      </pre>
      <IconButton label={done ? "Copied" : `Copy the ${label}`} className={styles.copy!} onClick={() => void copied(text).then(setDone)}>
        {done ? <Check size={16} /> : <Copy size={16} />}
      </IconButton>
      {done === false && (
        <p role="alert" className={styles.failed}>
          Could not be copied
        </p>
      )}
    </div>
  );
}
