import { useEffect, useRef, useState } from "react";

const IDLE = { text: "", status: "idle", problem: "" };

/**
 * One answer, as it is written: `{ text, status, problem, ask }`.
 *
 * `status` is idle, asking, answering, lost (the connection; the browser is trying again), done or failed; `problem` is a
 * sentence for the user when it is failed. `ask(question)` leaves the answer before, and may be called at any time.
 */
export function useAnswer() {
  const [answer, setAnswer] = useState(IDLE);
  const leave = useRef(() => {});
  useEffect(() => () => leave.current(), []); // the page is left: nobody reads on

  async function ask(question) {
    let source;
    let left = false;
    leave.current();
    leave.current = () => {
      left = true;
      source?.close();
    };
    const change = (changed) => left || setAnswer((before) => ({ ...before, ...changed }));
    const fail = (problem) => change({ status: "failed", problem });

    setAnswer({ ...IDLE, status: "asking" });
    const response = await fetch("/answers", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ question }),
    }).catch(() => null);
    const told = await response?.json().catch(() => null);
    if (left) return;
    if (!response) return fail("The server cannot be reached.");
    if (!response.ok || !told) return fail(told?.error ?? `The server answered with an error (${response.status}).`);

    source = new EventSource(`/answers/${told.id}`);
    source.onopen = () => change({ status: "answering" });
    source.onmessage = ({ data }) => left || setAnswer((before) => ({ ...before, text: before.text + JSON.parse(data) }));
    source.onerror = ({ data }) => {
      if (data) fail(JSON.parse(data).message);
      else if (source.readyState === EventSource.CONNECTING) change({ status: "lost" });
      else fail("There is no such answer here, or not any more.");
    };
    source.addEventListener("done", () => {
      source.close(); // or it would come back for ever
      if (!left) setAnswer((before) => (before.status === "failed" ? before : { ...before, status: "done" }));
    });
  }

  return { ...answer, ask };
}
