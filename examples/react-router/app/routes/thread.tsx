import { useEffect, useState } from "react";
import { Form, type ShouldRevalidateFunctionArgs, useRevalidator, useSearchParams } from "react-router";
import { Composer } from "../composer";
import { livethread, refusal } from "../livethread.server";
import { endings, Messages, type Names } from "../messages";
import { addMessage, addMessageAndRun, addMessageAndRuns, isActive, loadThread, run, stop } from "../thread";
import type { Message, ThreadStatus } from "../thread";
import type { Route } from "./+types/thread";

export async function loader() {
  try {
    const { data } = await livethread.beta.assistants.list({ limit: 100 });
    return { names: Object.fromEntries(data.map(({ id, name }) => [id, name || id])), error: null };
  } catch (error) {
    return { names: {}, error: refusal(error).message };
  }
}

/** Who is chosen stands in the address; choosing somebody asks the server nothing. */
export const shouldRevalidate = ({ currentUrl, nextUrl }: ShouldRevalidateFunctionArgs) =>
  currentUrl.search === nextUrl.search;

export default function Page({ params: { thread_id }, loaderData }: Route.ComponentProps) {
  return <Thread key={thread_id} thread_id={thread_id} {...loaderData} />;
}

function Thread({ thread_id, names, error }: { thread_id: string; names: Names; error: string | null }) {
  const [thread, setThread] = useState<Message[]>([]);
  const [status, setStatus] = useState<ThreadStatus | null>(null); // null until the page can be used
  useEffect(() => loadThread(thread_id, setThread, setStatus), [thread_id]);

  const [chosen, choose] = useChosen(names);
  const [inColumns, setInColumns] = useState(false);
  const [refused, setRefused] = useState<string | null>(null);

  // What the loader could not read is read as soon as there is a connection.
  const { revalidate } = useRevalidator();
  const isDue = error !== null && status?.error === null;
  useEffect(() => {
    if (isDue) revalidate();
  }, [isDue, revalidate]);

  /** Say why a call was refused, until the next one. */
  const attempt = (call: Promise<unknown>) => {
    setRefused(null);
    call.catch(({ message }: Error) => setRefused(message));
    return call;
  };
  const send = (text: string) => {
    const [first, ...others] = chosen;
    if (!first) return attempt(addMessage(thread_id, text, setThread));
    if (!others.length) return attempt(addMessageAndRun(thread_id, text, first, setThread));
    return attempt(addMessageAndRuns(thread_id, text, chosen, setThread));
  };
  const answer = () => chosen.forEach((id) => attempt(run(thread_id, id, setThread)));

  const runs = status?.runs ?? [];
  const active = runs.filter(isActive).reverse();
  const busy = [...new Set(active.map(({ assistant_id }) => names[assistant_id] ?? "An assistant"))];
  const offered = [...new Set([...Object.keys(names), ...chosen])];
  const strange = error ? [] : chosen.filter((id) => !(id in names));
  const wrong = [
    ...endings(runs, names),
    ...strange.map((id) => `${id} is not on this server. Import it, or choose another.`),
    refused,
    error,
    status?.error,
    status?.gone && "Start a new thread, or open the address of one that is on this server.",
  ].filter((sentence) => typeof sentence === "string");
  const columns = inColumns && chosen.length ? chosen : [null];

  return (
    <main>
      <header>
        <h1>One thread</h1>
        <Form method="post" action="/?index">
          <button>New thread</button>
        </Form>
      </header>
      <fieldset hidden={!offered.length} disabled={!status}>
        <legend>Who answers</legend>
        {offered.map((id) => (
          <label key={id}>
            <input type="checkbox" checked={chosen.includes(id)} onChange={() => choose(id)} /> {names[id] ?? id}
          </label>
        ))}
        <label>
          <input type="checkbox" role="switch" checked={inColumns} onChange={() => setInColumns(!inColumns)} />
          {" In columns"}
        </label>
      </fieldset>
      <div className="columns">
        {columns.map((id) => (
          <Messages
            key={id}
            label={id ? (names[id] ?? id) : "Messages"}
            thread={id ? thread.filter((message) => message.role === "user" || message.assistant_id === id) : thread}
            names={names}
          />
        ))}
      </div>
      <div role="alert">
        {[...new Set(wrong)].map((sentence) => (
          <p key={sentence}>{sentence}</p>
        ))}
      </div>
      <footer>
        <p role="status">{busy.length > 0 && `Answering: ${busy.join(", ")} …`}</p>
        <button onClick={() => attempt(stop(thread_id))} disabled={!active.length}>Stop</button>
        <button onClick={answer} disabled={!thread.length || !chosen.length}>Run</button>
      </footer>
      {!status?.gone && <Composer onSend={send} disabled={!status} />}
    </main>
  );
}

/** The ids of the assistants that are chosen, and what chooses; the address holds them for a reload, and for links. */
function useChosen(names: Names): [string[], (id: string) => void] {
  const [search, setSearch] = useSearchParams();
  const [picked, pick] = useState(search.has("assistant") ? search.getAll("assistant").filter(Boolean) : null);
  const usual = Object.keys(names).find((id) => names[id] === "Guide") ?? Object.keys(names)[0];
  const chosen = picked ?? (usual ? [usual] : []);
  const choose = (id: string) => {
    const ids = chosen.includes(id) ? chosen.filter((other) => other !== id) : [...chosen, id];
    pick(ids);
    setSearch({ assistant: ids.length ? ids : "" }, { replace: true });
  };
  return [chosen, choose];
}
