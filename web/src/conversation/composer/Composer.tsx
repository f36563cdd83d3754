/** Where a message is written, and who shall answer it. */

import { ArrowUp, Square } from "lucide-react";
import {
  type FormEvent,
  type KeyboardEvent,
  memo,
  type MouseEvent,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { Assistants, type Choosable } from "./Assistants";
import styles from "./Composer.module.css";
import { deskOf, type Send } from "./desk";
import { chosenIn, NEW } from "./kept";
import { NotSent } from "./NotSent";
import { TypingSignal } from "./typing";
import { useReturning } from "./useReturning";
import { addressees, descriptions, hindrance, isBusy } from "./wording";

export interface ComposerProps {
  /** The thread, or another name under which the draft and the choice are kept. */
  of: string;
  /** Null until they are known: nothing is sent before, since it would be said to nobody. */
  assistants: readonly Choosable[] | null;
  /** Those whom a message is for until others are chosen: null until that is known, the first of all where it is not said. */
  addressed?: readonly string[] | null | undefined;
  /** Resolves once the server has it, and rejects with why it has not. */
  send: Send;
  /** Is told what `send` has resolved with, and what is written by then. */
  onSent?: (sent: unknown, rest: string) => void;
  /** Whether the server is there: what it has not heard is sent again when it is back. */
  live?: boolean;
  /** What tells others that the person types. */
  typing?: ((typing: boolean) => void) | undefined;
  /** Stops what is running; null if nothing is. */
  stop?: (() => void) | null;
  /** Whether it says below what those who will answer are for. */
  about?: boolean;
  /** The assistants that answer at the moment, and how their runs stand. */
  busy?: ReadonlyMap<string, string>;
  /** Those who could not answer when they were asked last. */
  failed?: { has(id: string): boolean };
}

/** Whether the browser makes a field as high as its text, as the style asks for. */
const GROWS = globalThis.CSS?.supports?.("field-sizing", "content") ?? false;
/** Whether the page is used with fingers: a keyboard on glass has no Shift and Enter for a new line. */
const isTouched = () => matchMedia("(pointer: coarse)").matches;
const NOBODY: ReadonlyMap<string, string> = new Map();
/** Longer texts go from left to right: to find out how takes a browser seconds where there is a megabyte. */
const LONG = 10_000;
const NONE: readonly Choosable[] = [];

export const Composer = memo(function Composer(props: ComposerProps) {
  const { of, assistants: all, addressed, send, onSent, live = true, typing, stop = null, about = false } = props;
  const { busy = NOBODY, failed = NOBODY } = props;
  const touched = isTouched();
  const [desk] = useState(() => deskOf(of));
  const { text, unsent } = useSyncExternalStore(desk.subscribe, desk.get);
  const [choice] = useState(() => chosenIn(of));
  const [chosen, setChosen] = useState(choice.get);
  /** Whether it is to be sent as soon as it is known who may answer. */
  const [early, setEarly] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const [signal] = useState(() => new TypingSignal());
  signal.tell = typing;

  useEffect(() => () => signal.stop(), [signal]);
  useLayoutEffect(() => {
    if (GROWS) return;
    const { style } = field.current!;
    style.height = "0";
    style.height = `${field.current!.scrollHeight}px`;
  }, [text]);
  // With a mouse and keys one wants to write at once; on a phone the keyboard would cover what one came to read.
  const focus = (also = false) => {
    if (also || matchMedia("(hover: hover) and (pointer: fine)").matches) field.current?.focus({ preventScroll: true });
  };
  useEffect(() => focus(), []);

  const write = (now: string) => {
    setEarly(false);
    desk.write(now);
    signal.typed(now.trim() !== "");
  };
  const assistants = all ?? NONE;
  const usual = useUsual(text === "", addressed);
  // Where none of those that were chosen is left, it is as if nobody had been.
  const stands = chosen && (!chosen.length || assistants.some(({ id }) => chosen.includes(id)));
  const known = all !== null && (stands || usual !== null);
  const wanted = (stands ? chosen : usual) ?? (known ? assistants.slice(0, 1).map(({ id }) => id) : []);
  const asked = assistants.filter(({ id }) => wanted.includes(id));
  const answering = asked.map(({ id }) => id);
  const choose = (now: string[]) => {
    setChosen(now);
    choice.set(now);
  };
  const toggle = (id: string) => choose(answering.includes(id) ? answering.filter((one) => one !== id) : [...answering, id]);

  const submit = async () => {
    if (!text.trim()) return;
    if (!known) return setEarly(true);
    setEarly(false);
    signal.stop();
    if (of !== NEW) choose(answering); // whoever others address meanwhile
    const sent = await desk.send(send, answering);
    if (sent !== undefined) onSent?.(sent, desk.get().text);
  };
  useEffect(() => {
    if (early && known) void submit();
  }, [early, known]);
  const waits = unsent?.told === true && unsent.why === "away" && unsent.text === text;
  useReturning(waits && known, live, () => void submit());

  const full = !!unsent && isBusy(unsent);
  const ran = useRef(false);
  useEffect(() => {
    if (full && ran.current && !stop) desk.dismiss();
    ran.current = stop !== null;
  }, [full, stop]);

  const submitted = (event: FormEvent) => {
    event.preventDefault();
    void submit();
    focus(); // the button can be pressed no more
  };
  const pressed = (event: KeyboardEvent) => {
    const { isComposing, keyCode, ctrlKey, metaKey } = event.nativeEvent;
    // An input method takes Enter for itself; Safari says so only by this code.
    if (event.key !== "Enter" || event.shiftKey || isComposing || keyCode === 229) return;
    if (touched && !ctrlKey && !metaKey) return;
    event.preventDefault();
    if (!event.repeat) void submit(); // nor one that still is down from the button before
  };
  /** Does what a button is for that goes away by it. */
  const leading = (act: () => void) => (event?: MouseEvent) => {
    act();
    focus(event?.detail === 0);
  };

  return (
    <form className={styles.composer} onSubmit={submitted}>
      {unsent?.told && (
        <NotSent
          unsent={unsent}
          hindered={full && stop ? hindrance(assistants, busy) : null}
          waits={waits}
          onStop={leading(() => stop?.())}
          onAgain={leading(() => void submit())}
          onDismiss={leading(() => desk.dismiss())}
        />
      )}
      <div className={styles.box}>
        <textarea
          ref={field}
          className={styles.field}
          aria-label="Message"
          placeholder={known ? addressees(asked) : "Message"}
          rows={1}
          dir={text.length > LONG ? undefined : "auto"}
          enterKeyHint={touched ? "enter" : "send"}
          value={text}
          onChange={(event) => write(event.target.value)}
          onKeyDown={pressed}
          onBlur={() => signal.stop()}
        />
        <div className={styles.bar}>
          {assistants.length > 0 && (
            <Assistants assistants={assistants} answering={answering} busy={busy} failed={failed} onToggle={toggle} />
          )}
          <div className={styles.buttons}>
            {stop && (
              <button
                type="button"
                className={styles.stop}
                onClick={leading(stop)}
                title="Stop every answer in this thread; what is written stays"
              >
                <Square size={12} fill="currentColor" aria-hidden="true" />
                Stop
              </button>
            )}
            <button type="submit" className={styles.send} aria-label="Send" title={touched ? "Send" : "Send (Enter)"} disabled={!text.trim() || !known} aria-busy={early}>
              <ArrowUp size={18} aria-hidden="true" />
            </button>
          </div>
        </div>
      </div>
      {about && <p className={styles.about}>{descriptions(asked)}</p>}
    </form>
  );
});

/** Those whom the thread addresses, who do not change any more under what is being written. */
function useUsual(empty: boolean, addressed: ComposerProps["addressed"]): ComposerProps["addressed"] {
  const held = useRef(addressed);
  if (empty || held.current === null) held.current = addressed;
  return held.current;
}
