// Everything that is no stream: objects, polling, tool outputs, cancelling, lists, errors.
import OpenAI from "openai";
import { client, ONE_CALL, outputs, player, scene, script, tell, text, texts } from "./scene.mjs";

const { threads, assistants } = client.beta;
const POLL = { pollIntervalMs: 20 };

async function objects() {
  const assistant = await assistants.create({ model: "builtin/guide", name: "Old" });
  const updated = await assistants.update(assistant.id, { name: "New", metadata: { a: "1" } });
  const read = await assistants.retrieve(assistant.id);
  const thread = await threads.create({ metadata: { topic: "tides" } });
  const message = await threads.messages.create(thread.id, { role: "user", content: "Hello 🦊" });
  const changed = await threads.messages.update(message.id, { thread_id: thread.id, metadata: { seen: "yes" } });
  return {
    assistant: [assistant.name, updated.name, updated.metadata, read.name],
    thread: [(await threads.update(thread.id, { metadata: {} })).metadata, thread.metadata],
    message: [text(message), changed.metadata],
    deleted: [
      (await threads.messages.delete(message.id, { thread_id: thread.id })).object,
      (await threads.delete(thread.id)).object,
      (await assistants.delete(assistant.id)).object,
    ],
    models: (await client.models.list()).data.map(({ id }) => id),
    requestId: /^req_[0-9a-f]{32}$/.test(thread._request_id),
  };
}

async function polling() {
  const [threadId, body] = await scene(script("echo"));
  const run = await threads.runs.createAndPoll(threadId, body, POLL);
  const assistant = await player(script("echo"));
  const whole = await threads.createAndRunPoll(
    { assistant_id: assistant.id, thread: { messages: [{ role: "user", content: "Ahoy" }] } },
    POLL,
  );
  const [toolThread, toolBody] = await scene(ONE_CALL);
  const waiting = await threads.runs.createAndPoll(toolThread, toolBody, POLL);
  const done = await threads.runs.submitToolOutputsAndPoll(
    waiting.id,
    { thread_id: toolThread, tool_outputs: outputs(waiting) },
    POLL,
  );
  // Without an interval of the caller's, the server's header decides: 5 s would be too long for this test.
  const [slow, slowBody] = await scene(JSON.stringify({ turns: [[{ stall_ms: 400 }, { text: "done" }]] }));
  const before = performance.now();
  const steered = await threads.runs.createAndPoll(slow, slowBody);
  return {
    statuses: [run.status, whole.status, waiting.status, done.status, steered.status],
    texts: [await texts(threadId), await texts(whole.thread_id), await texts(toolThread)],
    steered: performance.now() - before < 3000,
  };
}

async function cancelling() {
  const [threadId, body] = await scene(JSON.stringify({ turns: [[{ stall_ms: "forever" }]] }));
  const first = await threads.runs.create(threadId, body);
  const second = await threads.runs.create(threadId, body);
  const found = [];
  for (const run of [second, first]) {
    found.push((await threads.runs.cancel(run.id, { thread_id: threadId })).status);
    found.push((await threads.runs.poll(run.id, { thread_id: threadId }, POLL)).status);
  }
  return found;
}

async function paging() {
  const numbers = [0, 1, 2, 3, 4, 5, 6].map(String);
  const thread = await threads.create({ messages: numbers.map((content) => ({ role: "user", content })) });
  const listed = async (query) => {
    const found = [];
    for await (const message of threads.messages.list(thread.id, { limit: 2, ...query })) found.push(message);
    return found;
  };
  const all = await listed({ order: "asc" });
  return {
    asc: all.map(text),
    desc: (await listed({ order: "desc" })).map(text),
    after: (await listed({ order: "asc", after: all[2].id })).map(text),
    before: (await threads.messages.list(thread.id, { before: all[4].id })).data.map(text),
  };
}

async function errors() {
  const refused = async (promise) => {
    try {
      await promise;
      return "was not refused";
    } catch (error) {
      const kinds = ["NotFoundError", "BadRequestError", "APIError"].filter((kind) => error instanceof OpenAI[kind]);
      return [...kinds, error.status, error.error, /^req_[0-9a-f]{32}$/.test(error.requestID)];
    }
  };
  const nobody = "A".repeat(24);
  const [threadId, body] = await scene(script("echo"));
  const run = await threads.runs.createAndPoll(threadId, body, POLL);
  return {
    threadId,
    found: [
      await refused(threads.retrieve(`thread_${nobody}`)),
      await refused(threads.runs.retrieve(threadId, { thread_id: run.id })),
      await refused(threads.runs.create(threadId, {})),
      await refused(threads.runs.create(threadId, { stream: true })),
      await refused(assistants.create({ model: "m", metadata: { modified: true } })),
      await refused(threads.messages.create(threadId, { role: "user", content: "x".repeat(256001) })),
      await refused(threads.runs.cancel(run.id, { thread_id: threadId })),
      await refused(threads.runs.submitToolOutputs(run.id, { thread_id: threadId, tool_outputs: [] })),
    ],
    // The helper rejects with the same error.
    helper: await refused(threads.runs.stream(`thread_${nobody}`, body).finalRun()),
  };
}

tell({
  objects: await objects(),
  polling: await polling(),
  cancelling: await cancelling(),
  paging: await paging(),
  errors: await errors(),
});
