// Three rounds of calls, in parallel and chained, by each way that apps went through them.
import { api, tell } from "./sdk.mjs";
import { callsOf, outputs, scene, settled, streamed, text, texts, THREE_ROUNDS } from "./scene.mjs";

const answer = (run) => ({ thread_id: run.thread_id, tool_outputs: outputs(run) });
const ids = (run) => callsOf(run).map(({ id }) => id);

/** What a caller learns: the calls of each round, the types of each stream, all that was said. */
const nothing = () => ({ rounds: [], types: [], said: "" });

function hear(told, { event, data }) {
  told.types.at(-1).push(event);
  if (event === "thread.message.delta") told.said += text(data.delta);
  if (event === "thread.run.requires_action") told.rounds.push(ids(data));
}

/** Iterates create() and submitToolOutputs(), each stream to its end. */
async function raw(thread_id, body) {
  const told = nothing();
  let stream = await api.runs.create(thread_id, { ...body, stream: true });
  while (stream) {
    told.types.push([]);
    let last;
    for await (const event of stream) {
      hear(told, event);
      last = event;
    }
    const waits = last.event === "thread.run.requires_action";
    stream = waits && (await api.runs.submitToolOutputs(last.data.id, { ...answer(last.data), stream: true }));
  }
  return told;
}

/** The loop that was copied from app to app in 2024: it leaves each stream in the middle, at requires_action. */
async function leaving(thread_id, body) {
  const told = nothing();
  let waiting;
  do {
    const stream = waiting
      ? api.runs.submitToolOutputsStream(waiting.id, answer(waiting))
      : await api.runs.create(thread_id, { ...body, stream: true });
    waiting = undefined;
    told.types.push([]);
    for await (const event of stream) {
      hear(told, event);
      if (event.event !== "thread.run.requires_action") continue;
      waiting = event.data;
      break;
    }
  } while (waiting);
  return told;
}

/** Answers from within the callback that tells of the calls, while the stream that asked is still open. */
async function within(thread_id, body) {
  const told = nothing();
  const follow = async (stream) => {
    told.types.push([]);
    let answered;
    stream.on("event", (event) => {
      hear(told, event);
      if (event.event !== "thread.run.requires_action") return;
      answered = follow(api.runs.submitToolOutputsStream(event.data.id, answer(event.data)));
    });
    await stream.done();
    await answered;
  };
  await follow(streamed(thread_id, body));
  return told;
}

/** By the helpers that poll, or by hand where there are none yet. */
async function polling(thread_id, body) {
  const told = nothing();
  const often = { pollIntervalMs: 20 };
  const { createAndPoll, submitToolOutputs, submitToolOutputsAndPoll } = api.runs;
  const answered = submitToolOutputsAndPoll
    ? (run) => submitToolOutputsAndPoll(run.id, answer(run), often)
    : async (run) => settled(await submitToolOutputs(run.id, answer(run)));
  let run = createAndPoll
    ? await createAndPoll(thread_id, body, often)
    : await settled(await api.runs.create(thread_id, body));
  while (run.status === "requires_action") {
    told.rounds.push(ids(run));
    run = await answered(run);
  }
  return told;
}

async function gone(way) {
  const [thread_id, body] = await scene(THREE_ROUNDS);
  const told = await way(thread_id, body);
  const [run] = (await api.runs.list(thread_id)).data;
  return { ...told, status: (await settled(run)).status, texts: await texts(thread_id) };
}

/** The assistant that a new server has for trying out functions: its calls, and its answer from their outputs. */
async function toolbox() {
  const assistants = (await api.assistants.list({ order: "asc" })).data;
  const { id } = assistants.find(({ name }) => name === "Toolbox");
  const content = "What is the weather in Rome and Paris, and then convert 20 celsius to fahrenheit?";
  const thread = await api.threads.create({ messages: [{ role: "user", content }] });
  const rounds = [];
  let run = await streamed(thread.id, { assistant_id: id }).finalRun();
  while (run.status === "requires_action") {
    const calls = callsOf(run);
    rounds.push(calls.map(({ function: { name, arguments: given } }) => [name, JSON.parse(given)]));
    const tool_outputs = calls.map(({ id, function: { name } }) => ({ tool_call_id: id, output: `from ${name}` }));
    run = await api.runs.submitToolOutputsStream(run.id, { thread_id: thread.id, tool_outputs }).finalRun();
  }
  return { rounds, answer: (await texts(thread.id)).at(-1) };
}

const told = { toolbox: await toolbox() };
for (const way of [raw, leaving, within, polling]) told[way.name] = await gone(way);
tell(told);
