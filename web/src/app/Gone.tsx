/** Says why a thread is not to be had, and hands out what the reader has written in it. */

import { useCallback, useEffect, useMemo, useSyncExternalStore } from "react";
import { deskOf } from "../conversation/composer/desk";
import { chosenIn, LONGEST, NEW } from "../conversation/composer/kept";
import { Button } from "../look/Button";
import { go } from "./address";
import { Leftover } from "./Leftover";
import { Notice } from "./Notice";

interface GoneProps {
  /** Another one needs another `key`. */
  thread_id: string;
  title: string;
  text: string;
  /** Whether there is no such thread: then nothing is kept for it but what the reader has written. */
  unknown: boolean;
  onLook: () => void;
}

export function Gone({ thread_id, title, text, unknown, onLook }: GoneProps) {
  const desk = useMemo(() => deskOf(thread_id), [thread_id]);
  const left = useSyncExternalStore(desk.subscribe, desk.get).text;
  const empty = !left.trim();
  const forget = useCallback(() => {
    desk.empty();
    if (unknown) chosenIn(thread_id).set(null);
  }, [desk, thread_id, unknown]);
  useEffect(() => {
    if (empty) forget();
  }, [empty, forget]);
  const take = () => {
    deskOf(NEW).add(left);
    forget();
    go(null);
  };
  return (
    <Notice title={title} text={text} left={!empty && <Leftover text={left} onTake={take} />} lands>
      <Button kind="primary" onClick={() => go(null)}>
        New thread
      </Button>
      {left.length <= LONGEST && <Button onClick={onLook}>Look again</Button>}
    </Notice>
  );
}
