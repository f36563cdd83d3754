// A conversation over /api/stream. The address of the page names its thread, so a reload, or a friend, sees the same.
import { useEffect, useRef, useState } from "react";
import { type ServerSentEvent, sse } from "../lib/sse.ts";
import type { Told } from "../lib/told.ts";
import { folded, type Line, put } from "./lines.ts";
import { newKey } from "./newKey.ts";

export interface Problem {
  message: string;
  /** Tries again, where that may help. */
  again?: () => void;
}

type Ask = (signal: AbortSignal) => Promise<Response>;

const ATTEMPTS = 6;
const LOST = "The connection to the server of this page is lost.";

export function useStream() {
  const [lines, setLines] = useState<Line[]>([]);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const thread = useRef<string | null>(null);
  const reading = useRef<AbortController>(null); // of one answer at a time
  const sending = useRef(false); // a message that the server has not taken yet

  function keep(id: string | null) {
    thread.current = id;
    history.replaceState(null, "", id ? `?thread=${encodeURIComponent(id)}` : location.pathname);
  }

  /** Returns whether it was the last. */
  function show(told: ServerSentEvent): boolean {
    setLines((lines) => folded(lines, told));
    if (told.event === "thread") keep((JSON.parse(told.data) as Told["thread"]).id);
    if (told.event === "error") setProblem(JSON.parse(told.data) as Told["error"]);
    if (told.event !== "done") return false;
    const { status } = JSON.parse(told.data) as Told["done"];
    if (!status) setProblem((problem) => problem && { ...problem, again: load });
    return true;
  }

  /** Ask, and show what is told. What breaks off is asked again, which is the same request: nothing is done twice. */
  async function read(ask: Ask, refused: (status: number, message: string) => void) {
    reading.current?.abort();
    const { signal } = (reading.current = new AbortController());
    setBusy(true);
    setProblem(null);
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await ask(signal);
        if (!response.ok) {
          refused(response.status, await words(response));
          break;
        }
        sending.current = false;
        setProblem(null);
        let done = false;
        for await (const told of sse(response.body!)) {
          if (signal.aborted) return;
          attempt = 1;
          done = show(told);
        }
        if (done) break;
      } catch {
        // the connection broke
      }
      if (signal.aborted) return;
      if (attempt === ATTEMPTS) {
        setProblem({ message: LOST, again: () => read(ask, refused) });
        break;
      }
      setProblem({ message: `${LOST} Trying again…` });
      await new Promise((wake) => setTimeout(wake, 500 * attempt));
      if (signal.aborted) return;
    }
    setBusy(false);
  }

  /** Show what stands in the thread, and the answer that is on its way, if there is one. */
  function load() {
    const id = thread.current;
    if (!id || sending.current) return;
    const ask: Ask = (signal) => fetch(`/api/stream?thread_id=${encodeURIComponent(id)}`, { signal });
    void read(ask, (status, message) => {
      if (status !== 404) return setProblem({ message, again: load });
      keep(null);
      setLines([]);
      setProblem({ message: `${message} Write a message to begin a new one.` });
    });
  }

  function send(message: string, key = newKey()) {
    const body = JSON.stringify({ message, thread_id: thread.current });
    const headers = { "Content-Type": "application/json", "Idempotency-Key": key };
    sending.current = true;
    setLines((lines) => put(lines, { id: key, role: "user", text: message }));
    const ask: Ask = (signal) => fetch("/api/stream", { method: "POST", headers, body, signal });
    void read(ask, (status, words) => {
      setLines((lines) => lines.filter(({ id }) => id !== key));
      if (status !== 404) return setProblem({ message: words, again: () => send(message, key) });
      keep(null);
      setProblem({ message: `${words} Try again, and a new one begins.`, again: () => send(message) });
    });
  }

  function stop() {
    if (thread.current) {
      const asked = fetch(`/api/stream?thread_id=${encodeURIComponent(thread.current)}`, { method: "DELETE" });
      asked.then(
        async (response) => response.ok || setProblem({ message: await words(response), again: stop }),
        () => setProblem({ message: LOST, again: stop }),
      );
    }
  }

  useEffect(() => {
    thread.current = new URLSearchParams(location.search).get("thread");
    load();
    const wake = () => document.visibilityState === "visible" && load(); // it may have slept, and a friend may have written
    document.addEventListener("visibilitychange", wake);
    return () => {
      document.removeEventListener("visibilitychange", wake);
      reading.current?.abort();
    };
  }, []);

  return { lines, busy, problem, send, stop };
}

const words = async (response: Response): Promise<string> => {
  const body = (await response.json().catch(() => null)) as { error?: string } | null;
  return body?.error ?? `The server of this page has failed, with status ${response.status}.`;
};
