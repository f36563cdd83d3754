// What goes wrong, as the class that each version throws.
import { createServer } from "node:net";
import { api, connect, nouns, tell } from "./sdk.mjs";
import { ECHO, ONE_CALL, refusal, scene, settled, SILENCE, streamed } from "./scene.mjs";

const NOBODY = "A".repeat(24);
const [asst, thread, run, msg, step] = ["asst", "thread", "run", "msg", "step"].map((kind) => `${kind}_${NOBODY}`);

async function notFound() {
  const [thread_id, body] = await scene(ECHO);
  const ended = await settled(await api.runs.create(thread_id, body));
  const tool_outputs = [];
  return [
    await refusal(api.assistants.retrieve(asst)),
    await refusal(api.assistants.update(asst, { name: "x" })),
    await refusal(api.assistants.delete(asst)),
    await refusal(api.threads.retrieve(thread)),
    await refusal(api.threads.update(thread, { metadata: {} })),
    await refusal(api.threads.delete(thread)),
    await refusal(api.threads.createAndRun({ assistant_id: asst })),
    await refusal(api.messages.create(thread, { role: "user", content: "x" })),
    await refusal(api.messages.list(thread)),
    await refusal(api.messages.retrieve(msg, { thread_id })),
    await refusal(api.messages.update(msg, { thread_id, metadata: {} })),
    await refusal(api.runs.create(thread, body)),
    await refusal(api.runs.list(thread)),
    await refusal(api.runs.retrieve(run, { thread_id })),
    await refusal(api.runs.update(run, { thread_id, metadata: {} })),
    await refusal(api.runs.cancel(run, { thread_id })),
    await refusal(api.runs.submitToolOutputs(run, { thread_id, tool_outputs })),
    await refusal(api.steps.list(run, { thread_id })),
    await refusal(api.steps.retrieve(step, { thread_id, run_id: ended.id })),
    // A stream that cannot begin is refused in the same way, whoever reads it.
    await refusal(api.runs.create(thread, { ...body, stream: true })),
    await refusal(streamed(thread, body).finalRun()),
    await refusal(api.threads.createAndRunStream({ assistant_id: asst }).done()),
    await refusal(api.runs.submitToolOutputsStream(run, { thread_id, tool_outputs }).finalMessages()),
  ];
}

async function bad() {
  const [thread_id, body] = await scene(ONE_CALL);
  const waiting = await settled(await api.runs.create(thread_id, body));
  const busy = await api.threads.create({ metadata: { thread_policy: "reject" } });
  const [, silent] = await scene(SILENCE);
  await api.messages.create(busy.id, { role: "user", content: "Hello" });
  const active = await api.runs.create(busy.id, silent);
  const found = [
    await refusal(api.assistants.create({ model: "m", metadata: { modified: true } })),
    await refusal(api.messages.create(thread_id, { role: "user", content: "x".repeat(256001) })),
    await refusal(api.runs.create(thread_id, {})),
    await refusal(streamed(thread_id, {}).finalRun()),
    await refusal(api.runs.retrieve(thread_id, { thread_id: waiting.id })),
    await refusal(api.runs.submitToolOutputs(waiting.id, { thread_id, tool_outputs: [] })),
    await refusal(api.messages.create(busy.id, { role: "user", content: "x" })),
    await refusal(api.runs.create(busy.id, silent)),
  ];
  await api.runs.cancel(active.id, { thread_id: busy.id });
  const { id } = await settled(active);
  found.push(await refusal(api.runs.cancel(id, { thread_id: busy.id })));
  found.push(await refusal(api.runs.submitToolOutputs(id, { thread_id: busy.id, tool_outputs: [] })));
  return { busy: [busy.id, active.id], waiting: waiting.id, found };
}

/** Where there is nobody, and where nobody answers. */
async function noAnswer() {
  const silent = createServer((caller) => caller.resume().on("error", () => {})).listen(0, "127.0.0.1");
  await new Promise((resolve) => silent.once("listening", resolve));
  const baseURL = `http://127.0.0.1:${silent.address().port}/v1`;
  const asked = () => nouns(connect({ baseURL, timeout: 100 }));
  const found = [await refusal(asked().threads.create()), await refusal(asked().runs.createAndStream(thread, {}).done())];
  await new Promise((resolve) => silent.close(resolve));
  found.push(await refusal(asked().threads.create()));
  const aborter = new AbortController();
  aborter.abort();
  found.push(await refusal(api.threads.create({}, { signal: aborter.signal })));
  return found.map(({ kind, status, says }) => [kind, status ?? null, says]);
}

tell({ notFound: await notFound(), bad: await bad(), noAnswer: await noAnswer() });
