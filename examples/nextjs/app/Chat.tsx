"use client";
import { Conversation } from "./Conversation.tsx";
import { useStream } from "./useStream.ts";

/** Shows what /api/stream tells; the loop is in the server. */
export function Chat() {
  const { lines, busy, problem, send, stop } = useStream();
  return (
    <Conversation lines={lines} busy={busy} problem={problem} onSend={(text) => send(text)} onStop={stop}>
      <p>
        The functions of this page are called in its server. <a href="/with-client">With the client of Livethread</a>
      </p>
    </Conversation>
  );
}
