// An answer, word by word as it is written. Beside a running server: node examples/node/streaming.mjs
import OpenAI from "openai";

const url = process.env.LIVETHREAD_URL ?? "http://127.0.0.1:8000";
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "any" });

const question = "How do I watch a thread live?";
const assistant = await client.beta.assistants.create({ model: "builtin/guide", name: "Guide" });
const thread = await client.beta.threads.create({ messages: [{ role: "user", content: question }] });
process.stdout.write(`You: ${question}\n\nGuide: `);

const stream = client.beta.threads.runs.stream(thread.id, { assistant_id: assistant.id });
stream.on("textDelta", ({ value }) => process.stdout.write(value));
const run = await stream.finalRun();
if (run.status !== "completed") {
  throw new Error(`The run has ${run.status}: ${run.last_error?.message ?? "no reason given"}`);
}

console.log(`\n\nAnybody can watch this very thread:\n  curl -N ${url}/v1/threads/${thread.id}/events`);
