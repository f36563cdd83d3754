// The helpers that make a run and come back when it has ended or waits.
import { api, tell } from "./sdk.mjs";
import { ECHO, ONE_CALL, outputs, PAUSE, player, scene, SILENCE, texts } from "./scene.mjs";

const OFTEN = { pollIntervalMs: 20 };

async function createAndPoll() {
  const [thread_id, body] = await scene(ECHO);
  const { status } = await api.runs.createAndPoll(thread_id, body, OFTEN);
  return { status, texts: await texts(thread_id) };
}

async function createAndRunPoll() {
  const { id } = await player(ECHO);
  const thread = { messages: [{ role: "user", content: "Ahoy" }] };
  const { status, thread_id } = await api.threads.createAndRunPoll({ assistant_id: id, thread }, OFTEN);
  return { status, texts: await texts(thread_id) };
}

async function submitToolOutputsAndPoll() {
  const [thread_id, body] = await scene(ONE_CALL);
  const waiting = await api.runs.createAndPoll(thread_id, body, OFTEN);
  const answer = { thread_id, tool_outputs: outputs(waiting) };
  const { status } = await api.runs.submitToolOutputsAndPoll(waiting.id, answer, OFTEN);
  return { statuses: [waiting.status, status], texts: await texts(thread_id) };
}

async function poll() {
  const [thread_id, body] = await scene(SILENCE);
  const { id } = await api.runs.create(thread_id, body);
  const polled = api.runs.poll(id, { thread_id }, OFTEN);
  await api.runs.cancel(id, { thread_id });
  return (await polled).status;
}

/** Without an interval of the caller's, the server's header decides: 5 s would be the SDK's own. */
async function steered() {
  const before = performance.now();
  const { status } = await api.runs.createAndPoll(...(await scene(PAUSE)));
  return { status, soon: performance.now() - before < 3000 };
}

const polls = [createAndPoll, createAndRunPoll, submitToolOutputsAndPoll, poll, steered];
const told = {};
for (const one of polls) told[one.name] = await one();
tell(told);
