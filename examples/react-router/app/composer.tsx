import { type KeyboardEvent, useState } from "react";

/** Where one writes. What could not be sent comes back, unless the next message is being written already. */
export function Composer({ onSend, disabled }: { onSend: (text: string) => Promise<unknown>; disabled: boolean }) {
  const [text, setText] = useState("");

  const send = () => {
    if (!text.trim()) return;
    setText("");
    onSend(text).catch(() => setText((next) => next || text));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // Enter may also end a word that is being composed, in Japanese for example.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };

  return (
    <form onSubmit={(event) => (event.preventDefault(), send())}>
      <textarea
        aria-label="Message"
        placeholder="Write a message"
        rows={2}
        disabled={disabled}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <button disabled={!text.trim()}>Send</button>
    </form>
  );
}
