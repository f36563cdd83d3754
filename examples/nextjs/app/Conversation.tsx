"use client";
// What both pages look like: the messages, what goes wrong, and where one writes.
import { type KeyboardEvent, memo, type ReactNode, type SyntheticEvent, useEffect, useRef, useState } from "react";
import Markdown from "react-markdown";
import remarkGfm from "remark-gfm";
import type { Line } from "./lines.ts";
import type { Problem } from "./useStream.ts";

const NAMES = { user: "You", assistant: "Cat expert", tool: "Function" };
const NEAR = 40;
const EXAMPLE = "Give me a cat name from music and one from food. Then tell me the daily cat trivia.";

interface Props {
  lines: Line[];
  busy: boolean;
  problem: Problem | null;
  onSend(text: string): void;
  onStop(): void;
  children: ReactNode;
}

export function Conversation({ lines, busy, problem, onSend, onStop, children }: Props) {
  const log = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true); // whoever has scrolled up to read is left there

  useEffect(() => {
    if (atEnd.current) log.current!.scrollTop = log.current!.scrollHeight;
  }, [lines, busy, problem]);

  const look = () => {
    const { scrollHeight, scrollTop, clientHeight } = log.current!;
    atEnd.current = scrollHeight - scrollTop - clientHeight < NEAR;
  };

  const send = (text: string) => {
    atEnd.current = true;
    onSend(text);
  };

  return (
    <main>
      <header>
        <h1>Cats</h1>
        <a href="?">New conversation</a>
        {children}
      </header>
      <div className="log" role="log" aria-label="Messages" aria-busy={busy} tabIndex={0} ref={log} onScroll={look}>
        {lines.map((line) => line.text && <Item key={line.id} line={line} />)}
        {lines.length === 0 && !busy && <button onClick={() => send(EXAMPLE)}>{EXAMPLE}</button>}
        <p role="status">{busy ? "Answering…" : ""}</p>
      </div>
      {problem && (
        <p role="alert">
          {problem.message} {problem.again && <button onClick={problem.again}>Try again</button>}
        </p>
      )}
      <Composer busy={busy} onSend={send} onStop={onStop} />
    </main>
  );
}

const Item = memo(function Item({ line: { role, text } }: { line: Line }) {
  return (
    <article className={role} aria-label={NAMES[role]}>
      {role === "assistant" ? <Text>{text}</Text> : text}
    </article>
  );
});

/** A picture could tell its address who reads what, so none is loaded. */
const Text = ({ children }: { children: string }) => (
  <Markdown remarkPlugins={[remarkGfm]} disallowedElements={["img"]} components={{ input: Box }}>
    {children}
  </Markdown>
);

const Box = ({ checked }: { checked?: boolean }) => (checked ? "☑" : "☐");

function Composer({ busy, onSend, onStop }: Pick<Props, "busy" | "onSend" | "onStop">) {
  const [text, setText] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);

  const send = (event: SyntheticEvent) => {
    event.preventDefault();
    if (busy || !text.trim()) return;
    onSend(text);
    setText("");
    field.current!.focus();
  };

  const press = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) send(event);
  };

  return (
    <form onSubmit={send}>
      <textarea
        aria-label="Message"
        placeholder="Write your message"
        rows={1}
        autoFocus
        ref={field}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={press}
      />
      {busy ? (
        <button type="button" onClick={onStop}>Stop</button>
      ) : (
        <button disabled={!text.trim()}>Send</button>
      )}
    </form>
  );
}
