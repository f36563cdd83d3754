// Runs whose streams break again and again: `stream: true`, then attached to anew, by a cursor of REST or from the start.
import OpenAI from "openai";
import { client, tell, text } from "./scene.mjs";

const [proxy, seed, ...scripts] = process.argv.slice(3);
const cut = new OpenAI({ baseURL: `${proxy}/v1`, apiKey: "any", maxRetries: 0 });
const { threads } = client.beta;

/** The same choices again for the same seed (mulberry32). */
function dice(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const assistant = await client.beta.assistants.create({ model: "builtin/script" });
const thread = await threads.create({ messages: [{ role: "user", content: "go" }] });

/** One run to its end: what its deltas add up to, and what a reader held at each cut. */
async function follow(script, number) {
  const roll = dice(Number(seed) + number);
  const found = { said: "", ended: null, held: [], byPage: 0, anew: 0, status: null };
  let runId = null;

  /** Begin with what REST shows of the run, and go on from the cursor of that answer. */
  async function page() {
    const { data, response } = await threads.messages.list(thread.id, { limit: 100 }).withResponse();
    found.said = data.data.filter((message) => message.run_id === runId).map(text).join("");
    found.byPage += 1;
    const query = { cursor: response.headers.get("x-thread-cursor") };
    return cut.get(`/threads/${thread.id}/runs/${runId}/events`, { query, stream: true });
  }

  function stream() {
    if (runId === null) {
      const body = { assistant_id: assistant.id, metadata: { script }, thread_policy: "parallel" };
      const options = { headers: { "Idempotency-Key": `${seed} ${number}` } };
      return cut.beta.threads.runs.create(thread.id, { ...body, stream: true }, options);
    }
    if (roll() < 0.7) return page();
    found.anew += 1;
    return cut.get(`/threads/${thread.id}/runs/${runId}/events`, { stream: true });
  }

  while (!["completed", "failed"].includes(found.status)) {
    try {
      for await (const { event, data } of await stream()) {
        if (event === "thread.run.created") {
          runId = data.id;
          found.said = "";
        } else if (event === "thread.message.delta") {
          found.said += data.delta.content.map((part) => part.text.value).join("");
        } else if (event === "thread.message.completed") {
          found.ended = text(data);
        }
        if (data.object === "thread.run") found.status = data.status;
      }
      // Nothing more may have come since the page: a stream that is over is answered without a word.
      if (runId !== null) found.status = (await threads.runs.retrieve(runId, { thread_id: thread.id })).status;
    } catch (error) {
      if (error instanceof OpenAI.APIError && error.status) throw error;
      found.held.push(found.said);
    }
  }
  return found;
}

tell(await Promise.all(scripts.map(follow)));
