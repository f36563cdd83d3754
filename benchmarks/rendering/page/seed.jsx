// The seed's way, written anew: one state variable whose setter is given a copy of the whole list for each token, a list of
// fragments without keys, and an EventSource for each run.
import { useState } from "react";
import { createRoot } from "react-dom/client";

const { thread_id, assistant_id, v1 } = window.given;

async function ask(method, path, body) {
  const headers = { "Content-Type": "application/json" };
  return (await fetch(`${v1}/threads/${thread_id}${path}`, { method, headers, body: JSON.stringify(body) })).json();
}

async function loadThread(setThread) {
  const { data } = await ask("GET", "/messages?limit=100");
  setThread(data.map((message) => ({ ...message, key: message.id })));
}

async function run(setThread) {
  const { id } = await ask("POST", "/runs", { assistant_id });
  const source = new EventSource(`${v1}/threads/${thread_id}/runs/${id}/events`);
  source.addEventListener("thread.message.created", ({ data }) => {
    setThread((thread) => [JSON.parse(data), ...thread]);
  });
  source.addEventListener("thread.message.delta", ({ data }) => {
    const { id, delta } = JSON.parse(data);
    setThread((thread) =>
      thread.map((message) => {
        if (message.id !== id) return message;
        if (!message.content.length) return { ...message, content: delta.content };
        const [{ text }] = message.content;
        const value = text.value + delta.content[0].text.value;
        return { ...message, content: [{ type: "text", text: { value, annotations: [] } }] };
      }),
    );
  });
  source.addEventListener("thread.message.completed", ({ data }) => {
    const whole = JSON.parse(data);
    setThread((thread) => thread.map((message) => (message.id === whole.id ? whole : message)));
    source.close();
  });
}

function Page() {
  const [thread, setThread] = useState([]);
  window.load = () => loadThread(setThread);
  window.run = () => run(setThread);
  return (
    <>
      {[...thread].reverse().map((message) => (
        <>
          <strong>{message.role}: </strong>
          {message.content.map(({ text }) => text.value)}
          <br />
        </>
      ))}
    </>
  );
}

createRoot(document.getElementById("root")).render(<Page />);
