/**
 * The functions of a thread, around one variable: its messages in the API's format, newest first, current to the token.
 *
 * Those that write only post: what comes of it comes over the thread's stream, to every browser that looks on.
 */
import { follow, type Message, type Run, type ThreadState } from "./stream";

export type { Message, Run };

/** What is known of a thread besides its messages. */
export type ThreadStatus = Pick<ThreadState, "runs" | "error" | "gone">;

type SetThread = (messages: Message[]) => void;
type SetStatus = (status: ThreadStatus) => void;

/**
 * Keep a variable at what the thread says, until what is returned is called, such as an effect's clean-up.
 *
 * @param setStatus - is told of runs and of the connection
 */
export function loadThread(thread_id: string, setThread: SetThread, setStatus?: SetStatus): () => void {
  return follow(thread_id, (state) => {
    setThread(state.shown);
    setStatus?.(state);
  });
}

/** Add a message. Comes back once it stands in the variable; rejects with a sentence, as all that follow do. */
export async function addMessage(thread_id: string, message: string, setThread: SetThread): Promise<Message> {
  const posted = post<Message>("/api/add-message", { thread_id, message });
  const stands = ({ id }: Message, { messages }: ThreadState) => messages.some((message) => message.id === id);
  return (await seen(thread_id, setThread, posted, stands))[0];
}

/** Have an assistant answer. Comes back with the run once it has ended, or waits for outputs of functions. */
export async function run(thread_id: string, assistant_id: string, setThread: SetThread): Promise<Run> {
  return (await runs(thread_id, { assistant_id }, setThread))[0]!;
}

/** Both, or neither. */
export async function addMessageAndRun(
  thread_id: string,
  message: string,
  assistant_id: string,
  setThread: SetThread,
): Promise<Run> {
  return (await addMessageAndRuns(thread_id, message, [assistant_id], setThread))[0]!;
}

/** Several assistants answer the message, side by side. */
export function addMessageAndRuns(
  thread_id: string,
  message: string,
  assistant_ids: string[],
  setThread: SetThread,
): Promise<Run[]> {
  return runs(thread_id, { message, assistant_ids }, setThread);
}

/** End all runs of the thread; what they have said stays. */
export async function stop(thread_id: string): Promise<void> {
  await post("/api/run", { thread_id }, "DELETE");
}

/** Whether a run is still at work, and the thread busy. */
export const isActive = ({ status }: Run): boolean => /^(queued|in_progress|requires_action|cancelling)$/.test(status);

async function runs(thread_id: string, body: object, setThread: SetThread): Promise<Run[]> {
  const posted = post<{ runs: Run[] }>("/api/run", { thread_id, ...body });
  const now = (run: Run, state: ThreadState) => state.runs.find(({ id }) => id === run.id) ?? run;
  const [made, state] = await seen(thread_id, setThread, posted, ({ runs }, state) =>
    runs.map((run) => now(run, state)).every((run) => !isActive(run) || run.status === "requires_action"),
  );
  return made.runs.map((run) => now(run, state));
}

async function post<T>(path: string, body: object, method = "POST"): Promise<T> {
  const headers = { "Content-Type": "application/json" };
  const signal = AbortSignal.timeout(30_000);
  const answer = await fetch(path, { method, headers, body: JSON.stringify(body), signal }).catch(() => null);
  const said = await answer?.json().catch(() => null);
  if (!answer?.ok || !said) throw new Error(said?.error?.message ?? "The server cannot be reached.");
  return said;
}

/** What was posted, and the thread once it shows what came of it, or is gone; the variable is kept right meanwhile. */
async function seen<T>(
  thread_id: string,
  setThread: SetThread,
  posted: Promise<T>,
  shows: (made: T, state: ThreadState) => boolean,
): Promise<readonly [T, ThreadState]> {
  let look = (_: ThreadState) => {};
  let latest!: ThreadState;
  const leave = follow(thread_id, (state) => {
    latest = state;
    setThread(state.shown);
    look(state);
  });
  try {
    const made = await posted;
    return await new Promise((resolve) => {
      look = (state) => {
        if (state.gone || shows(made, state)) resolve([made, state]);
      };
      look(latest);
    });
  } finally {
    leave();
  }
}
