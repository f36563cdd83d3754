/** Asks whether a thread shall be deleted, and deletes it. */

import type { Client } from "livethread";
import type { ListedThread } from "livethread/list";
import { useState } from "react";
import { deskOf } from "../conversation/composer/desk";
import { chosenIn } from "../conversation/composer/kept";
import { Button } from "../look/Button";
import { Dialog, DialogActions } from "../look/Dialog";
import { UNTITLED } from "./ThreadItem";
import styles from "./Threads.module.css";

interface DeleteThreadProps {
  client: Client;
  thread: ListedThread;
  onClose: () => void;
  onDeleted: () => void;
}

export function DeleteThread({ client, thread, onClose, onDeleted }: DeleteThreadProps) {
  const [deleting, setDeleting] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const act = async () => {
    setDeleting(true);
    setProblem(null);
    try {
      await client.deleteThread(thread.id);
      chosenIn(thread.id).set(null);
      if (!deskOf(thread.id).get().text.trim()) deskOf(thread.id).empty(); // else it can still be taken from there
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
