/** Where a message is written, and who shall answer it. */

import { ArrowUp, Check, Square } from "lucide-react";
import { type FormEvent, type KeyboardEvent, memo, useEffect, useLayoutEffect, useRef, useState } from "react";
import { newKey } from "../../app/newKey";
import type { Assistant } from "../Around";
import styles from "./Composer.module.css";
import { chosenIn, draftIn } from "./kept";
import { TypingSignal } from "./typing";

export interface ComposerProps {
  /** The thread, or another name under which the draft and the choice are kept. */
  of: string;
  /** Null until they are known: nothing is sent before, since it would be said to nobody. */
  assistants: readonly Assistant[] | null;
  /**
   * Resolves once the server has it, and rejects with why it has not; `key` is the same where it is the same message as
   * the time before.
   */
  send(text: string, assistants: string[], key: string): Promise<unknown>;
  /** What tells others that the person types. */
  typing?: ((typing: boolean) => void) | undefined;
  /** Stops what is running; null if nothing is. */
  stop?: (() => void) | null;
  /** The assistants that answer at the moment. */
  busy?: ReadonlySet<string>;
}

interface Unsent {
  text: string;
  assistants: string[];
  key: string;
  reason: string;
}

/** Whether the browser makes a field as high as its text, as the style asks for. */
const GROWS = globalThis.CSS?.supports?.("field-sizing", "content") ?? false;
const NOBODY: ReadonlySet<string> = new Set();
/** Longer texts go from left to right: to find out how takes a browser seconds where there is a megabyte. */
const LONG = 10_000;
const NONE: readonly Assistant[] = [];

export const Composer = memo(function Composer({ of, assistants: all, send, typing, stop = null, busy = NOBODY }: ComposerProps) {
  const [draft] = useState(() => draftIn(of));
  const [text, setText] = useState(draft.get);
  const [choice] = useState(() => chosenIn(of));
  const [chosen, setChosen] = useState(choice.get);
  const [unsent, setUnsent] = useState<Unsent | null>(null);
  /** Whether it is to be sent as soon as it is known who may answer. */
  const [early, setEarly] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  /** What the server does not have yet: it is kept until it has, whatever becomes of the page. */
  const underway = useRef<string[]>([]);
  const written = useRef(text);
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
  useEffect(() => {
    if (matchMedia("(hover: hover) and (pointer: fine)").matches) field.current?.focus({ preventScroll: true });
  }, []);

  const keep = () => draft.set(joined([...underway.current, written.current]));
  const put = (now: string) => {
    written.current = now;
    setText(now);
    keep();
  };
  const write = (now: string) => {
    setEarly(false);
    put(now);
    signal.typed(now.trim() !== "");
  };
  const assistants = all ?? NONE;
  // Where none of those that were chosen is left, it is as if nobody had been.
  const stands = chosen && (!chosen.length || assistants.some(({ id }) => chosen.includes(id)));
  const answering = assistants.filter(({ id }, index) => (stands ? chosen.includes(id) : index === 0)).map(({ id }) => id);
  const toggle = (id: string) => {
    const now = answering.includes(id) ? answering.filter((one) => one !== id) : [...answering, id];
    setChosen(now);
    choice.set(now);
  };

  const submit = async () => {
    if (!text.trim()) return;
    if (!all) return setEarly(true);
    const again = unsent?.text === text && `${unsent.assistants}` === `${answering}`;
    const key = again ? unsent.key : newKey();
    const arrived = () => {
      underway.current = underway.current.toSpliced(underway.current.indexOf(text), 1);
    };
    setUnsent(null);
    underway.current = [...underway.current, text];
    write("");
    try {
      await send(text, answering, key);
      arrived();
      keep();
    } catch (error) {
      arrived();
      setUnsent({ text, assistants: answering, key, reason: (error as Error).message });
      put(joined([text, written.current])); // what was written meanwhile stays, behind it
    }
  };
  useEffect(() => {
    if (early && all) void submit();
  }, [early, all]);
  const submitted = (event: FormEvent) => {
    event.preventDefault();
    void submit();
  };
  const pressed = (event: KeyboardEvent) => {
    const { isComposing, keyCode } = event.nativeEvent;
    // An input method takes Enter for itself; Safari says so only by this code.
    if (event.key !== "Enter" || event.shiftKey || isComposing || keyCode === 229) return;
    event.preventDefault();
    void submit();
  };

  const names = assistants.filter(({ id }) => answering.includes(id)).map(({ name, model }) => name || model);
  return (
    <form className={styles.composer} onSubmit={submitted}>
      {unsent && (
        <div className={styles.problem} role="alert">
          <span>
            <b>Not sent.</b> {unsent.reason}
          </span>
          <button type="button" className={styles.again} disabled={!text.trim()} onClick={() => void submit()}>
            Try again
          </button>
        </div>
      )}
      <div className={styles.box}>
        <textarea
          ref={field}
          className={styles.field}
          aria-label="Message"
          placeholder={names.length ? `Message ${names.join(", ")}` : all ? "Message to the people here" : "Message"}
          rows={1}
          dir={text.length > LONG ? undefined : "auto"}
          enterKeyHint="send"
          value={text}
          onChange={(event) => write(event.target.value)}
          onKeyDown={pressed}
          onBlur={() => signal.stop()}
        />
        <div className={styles.bar}>
          {assistants.length > 0 && (
            <div className={styles.assistants} role="group" aria-label="Assistants">
              {assistants.map(({ id, name, model }) => (
                <button
                  key={id}
                  type="button"
                  className={styles.assistant}
                  aria-pressed={answering.includes(id)}
                  data-busy={busy.has(id)}
                  title={answering.includes(id) ? `${name || model} will answer` : `${name || model} will not be asked`}
                  onClick={() => toggle(id)}
                >
                  {answering.includes(id) && <Check size={14} aria-hidden="true" />}
                  <span>{name || model}</span>
                </button>
              ))}
            </div>
          )}
          <div className={styles.buttons}>
            {stop && (
              <button type="button" className={styles.stop} onClick={stop} title="Stop every answer in this thread; what is written stays">
                <Square size={12} fill="currentColor" aria-hidden="true" />
                Stop
              </button>
            )}
            <button type="submit" className={styles.send} aria-label="Send" title="Send (Enter)" disabled={!text.trim() || !all} aria-busy={early}>
              <ArrowUp size={18} aria-hidden="true" />
            </button>
          </div>
        </div>
      </div>
    </form>
  );
});

const joined = (texts: string[]): string => texts.filter((text) => text.trim()).join("\n\n");
