// What `stream: true` gives: each event as it came, and the ways of the SDK's Stream to hand it on.
import { api, Stream, tell } from "./sdk.mjs";
import { all, CHAINED, ECHO, outputs, PARALLEL, player, scene, script } from "./scene.mjs";

/** The events of a run and of the answers to its calls, one list each. */
async function streams(scenario) {
  const [thread_id, body] = await scene(scenario);
  const found = [await all(await api.runs.create(thread_id, { ...body, stream: true }))];
  for (;;) {
    const { data: run } = found.at(-1).at(-1);
    if (run.status !== "requires_action") return found;
    const answer = { thread_id, tool_outputs: outputs(run), stream: true };
    found.push(await all(await api.runs.submitToolOutputs(run.id, answer)));
  }
}

async function createAndRun() {
  const assistant = await player(ECHO);
  const thread = { messages: [{ role: "user", content: "Ahoy" }] };
  return await all(await api.threads.createAndRun({ assistant_id: assistant.id, thread, stream: true }));
}

const types = (events) => events.map(({ event }) => event);

async function handedOn() {
  const created = async () => {
    const [thread_id, body] = await scene(ECHO);
    return api.runs.create(thread_id, { ...body, stream: true });
  };
  const [left, right] = (await created()).tee();
  const readable = (await created()).toReadableStream();
  const { data, response } = await (await responding()).withResponse();
  const raw = await (await responding()).asResponse();
  return {
    tee: [types(await all(left)), types(await all(right))],
    readable: types(await all(Stream.fromReadableStream(readable, new AbortController()))),
    withResponse: [response.status, response.headers.get("content-type"), types(await all(data))],
    asResponse: (await raw.text()).match(/^event: .*$/gm).map((line) => line.slice("event: ".length)),
  };
}

/** The promise itself, wrapped so that an `await` does not unwrap it. */
async function responding() {
  const [thread_id, body] = await scene(ECHO);
  const promise = api.runs.create(thread_id, { ...body, stream: true });
  return { withResponse: () => promise.withResponse(), asResponse: () => promise.asResponse() };
}

const told = {};
const scenarios = { plain: ECHO, parallel: PARALLEL, chained: CHAINED };
for (const name of ["length", "refusal", "error-in-mid-stream", "http-error"]) scenarios[name] = script(name);
for (const [name, scenario] of Object.entries(scenarios)) told[name] = await streams(scenario);

tell({ streams: told, createAndRun: await createAndRun(), handedOn: await handedOn() });
