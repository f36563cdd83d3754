/** Asking for the key of a server that lets nobody in without one. */

import { createClient } from "livethread";
import { type FormEvent, useState } from "react";
import { Button } from "../look/Button";
import { Dialog, DialogActions } from "../look/Dialog";
import { Field } from "../look/Field";
import { serverUrl } from "./address";

interface KeyProps {
  /** The one that was refused; empty if there was none. */
  refused: string;
  onKey: (key: string) => void;
}

export function Key({ refused, onKey }: KeyProps) {
  const [key, setKey] = useState("");
  const [problem, setProblem] = useState<string | null>(
    refused ? "The server does not take the key that this browser has kept. It may have been changed." : null,
  );
  const [trying, setTrying] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const token = key.trim();
    if (!token) return setProblem("Enter the key first.");
    // A header takes no other characters, and the browser would refuse to send it.
    if (!/^[\x21-\x7e]+$/.test(token)) return setProblem("A key has only letters, digits and signs of ASCII, no blanks.");
    setTrying(true);
    setProblem(null);
    try {
      await createClient({ url: serverUrl(), token }).http.call("GET", "/assistants?limit=1");
      onKey(token);
    } catch (error) {
      setProblem((error as Error).message);
      setTrying(false);
    }
  };

  return (
    <Dialog title="This server asks for a key" alone>
      <form onSubmit={submit} noValidate>
        <Field
          label="Key"
          name="key"
          type="password"
          autoComplete="current-password"
          spellCheck={false}
          value={key}
          onChange={(event) => setKey(event.target.value)}
          wrong={problem !== null}
          note={problem ?? "Whoever runs this server can give you one. It stays in this browser."}
        />
        <DialogActions>
          <Button type="submit" kind="primary" disabled={trying}>
            {trying ? "Trying it…" : "Continue"}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
