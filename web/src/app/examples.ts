/** Calls to begin with, as the start page of a server without this page has them. */

export interface Example {
  name: string;
  text: string;
}

/**
 * @param url - of the server
 * @param assistant_id - to speak to
 * @param keyed - whether the server asks for a key; the reader's own is not shown
 */
export function examples(url: string, assistant_id: string, keyed: boolean): Example[] {
  const body = {
    assistant_id,
    stream: true,
    thread: { messages: [{ role: "user", content: "What is Livethread?" }] },
  };
  const key = keyed ? "YOUR_KEY" : "any";
  const authorization = keyed ? `-H "Authorization: Bearer ${key}" ` : "";
  return [
    {
      name: "curl",
      text: `curl -N ${url}/v1/threads/runs -H 'Content-Type: application/json' ${authorization}-d '${JSON.stringify(body)}'`,
    },
    {
      name: "Python",
      text: `from openai import OpenAI

client = OpenAI(base_url="${url}/v1", api_key="${key}")
thread = client.beta.threads.create(messages=[{"role": "user", "content": "What is Livethread?"}])
with client.beta.threads.runs.stream(thread_id=thread.id, assistant_id="${assistant_id}") as stream:
    for text in stream.text_deltas:
        print(text, end="", flush=True)`,
    },
    {
      name: "Browser",
      text: `import { createClient } from "${url}/client.js";

const client = createClient({ url: "${url}"${keyed ? `, token: "${key}"` : ""} });
const { id } = await client.createThread();
client.loadThread(id, (messages) => console.log(messages));
await client.addMessageAndRun(id, "What is Livethread?", "${assistant_id}");`,
    },
  ];
}
