/** Choosing a nickname, once; and another one later. */

import { type FormEvent, useState } from "react";
import { Button } from "../look/Button";
import { Dialog, DialogActions, DialogText } from "../look/Dialog";
import { Field } from "../look/Field";
import { useInvitation } from "./invitation";
import { LONGEST, type Me, newUserId, SHORTEST, trimmed, whyNot } from "./person";

interface NicknameProps {
  /** Who it was before; null at first. */
  me: Me | null;
  onChoose: (me: Me) => void;
  /** Called when all shall stay as it is. */
  onClose?: () => void;
}

export function Nickname({ me, onChoose, onClose }: NicknameProps) {
  const [name, setName] = useState(me?.name ?? "");
  const [asked, setAsked] = useState(false);
  const invitation = useInvitation(me === null);
  const reason = whyNot(name);
  const told = asked && reason !== null;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setAsked(true);
    if (reason === null) onChoose({ user_id: me?.user_id ?? newUserId(), name: trimmed(name) });
  };

  return (
    <Dialog title={me ? "Change your nickname" : "Choose a nickname"} alone={!me} {...(onClose && { onClose })}>
      {invitation && <DialogText>{invitation}</DialogText>}
      <form onSubmit={submit} noValidate>
        <Field
          label="Nickname"
          name="nickname"
          autoComplete="nickname"
          autoCapitalize="words"
          spellCheck={false}
          required
          maxLength={4 * LONGEST}
          value={name}
          onChange={(event) => {
            setName(event.target.value);
            setAsked(true);
          }}
          wrong={told}
          note={told ? reason : `At least ${SHORTEST} characters. Others see it beside what you write.`}
        />
        <DialogActions>
          {onClose && <Button onClick={onClose}>Cancel</Button>}
          <Button type="submit" kind="primary">
            {me ? "Save" : "Join"}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
