// The AssistantStream helper: its callbacks, its promises, what it gathers, and the other ways to read it.
import { api, AssistantStream, tell } from "./sdk.mjs";
import { moments, recorded } from "./recorded.mjs";
import { all, CHAINED, ECHO, ONE_CALL, outputs, PARALLEL, player, scene, script, streamed, text } from "./scene.mjs";

const failure = (error) => [error.constructor.name, error.message];

/** All that a helper has to tell, when it has ended. */
async function told(stream, also = () => {}) {
  const calls = recorded(stream);
  also(stream);
  const promised = (promise) => promise.catch(failure);
  const run = await promised(stream.finalRun());
  const messages = await promised(stream.finalMessages());
  const steps = await promised(stream.finalRunSteps());
  await promised(stream.done());
  return { calls, run, messages, steps, state: [stream.ended, stream.errored, stream.aborted] };
}

/** A run and the answers to its calls, one stream each; and what a read shows behind them. */
async function loop(scenario, also) {
  const [thread_id, body] = await scene(scenario);
  const streams = [await told(streamed(thread_id, body), also)];
  while (streams.at(-1).run.status === "requires_action") {
    const { run } = streams.at(-1);
    const answer = { thread_id, tool_outputs: outputs(run) };
    streams.push(await told(api.runs.submitToolOutputsStream(run.id, answer), also));
  }
  const [run] = (await api.runs.list(thread_id)).data;
  const messages = await all(api.messages.list(thread_id, { run_id: run.id, order: "asc" }));
  return { streams, run, messages, steps: await all(api.steps.list(run.id, { thread_id, order: "asc" })) };
}

async function createAndRun() {
  const assistant = await player(ECHO);
  const thread = { messages: [{ role: "user", content: "Ahoy" }] };
  const types = [];
  const note = (stream) => stream.on("event", ({ event }) => types.push(event));
  const { calls } = await told(api.threads.createAndRunStream({ assistant_id: assistant.id, thread }), note);
  return { calls, types };
}

const createAndStream = async () => (await told(api.runs.createAndStream(...(await scene(ECHO))))).calls;

/** What the helper says it is at, in each stream of a run with a call. */
async function current() {
  const found = [];
  const names = ["runStepCreated", "messageCreated", "textDone", "messageDone", "runStepDone", "end"];
  await loop(ONE_CALL, (stream) => found.push(moments(stream, ...names)));
  return found;
}

/** Callbacks that come once, that are taken back, and that are waited for. */
async function listeners() {
  const stream = streamed(...(await scene(ECHO)));
  const found = { once: 0, taken: 0, on: 0 };
  const taken = () => (found.taken += 1);
  stream.once("event", () => (found.once += 1)).on("event", taken).off("event", taken);
  stream.on("event", () => (found.on += 1));
  const [message, connected] = await Promise.all([stream.emitted("messageDone"), stream.emitted("connect")]);
  await stream.done();
  return { ...found, on: found.on > 1, emitted: text(message), connected: connected === undefined };
}

/** As an async iterable, as lines of JSON, and as the helper that reads such lines elsewhere. */
async function handedOn() {
  const types = (events) => events.map(({ event }) => event);
  const iterated = types(await all(streamed(...(await scene(ECHO)))));
  const [thread_id, body] = await scene(ECHO);
  const lines = streamed(thread_id, body).toReadableStream();
  if (AssistantStream.fromReadableStream === undefined) {
    const written = await new Response(lines).text();
    return { iterated, lines: types(written.trim().split("\n").map(JSON.parse)) };
  }
  const read = AssistantStream.fromReadableStream(lines);
  const { calls } = await told(read);
  return { iterated, read: calls };
}

const scenarios = { plain: ECHO, call: ONE_CALL, parallel: PARALLEL, chained: CHAINED };
for (const name of ["length", "refusal", "error-in-mid-stream", "http-error"]) scenarios[name] = script(name);

const loops = {};
for (const [name, scenario] of Object.entries(scenarios)) loops[name] = await loop(scenario);

tell({
  loops,
  createAndRun: await createAndRun(),
  createAndStream: await createAndStream(),
  current: await current(),
  listeners: await listeners(),
  handedOn: await handedOn(),
});
