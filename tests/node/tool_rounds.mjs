// The loop of an app with functions, by one way of the SDK: `tool_rounds.mjs URL raw|seed|helpers|polling THREAD ASSISTANT`.
import { client, outputs, tell } from "./scene.mjs";

const [, , , way, threadId, assistantId] = process.argv;
const { runs } = client.beta.threads;
const body = {
  assistant_id: assistantId,
  include: ["step_details.tool_calls[*].file_search.results[*].content"],
};
const answer = (run) => ({ thread_id: threadId, tool_outputs: outputs(run) });
const ids = (run) => run.required_action.submit_tool_outputs.tool_calls.map(({ id }) => id);

const told = { rounds: [], types: [], text: "" };

/** Iterates create() and submitToolOutputs(), each stream to its end. */
async function raw() {
  let stream = await runs.create(threadId, { ...body, stream: true });
  while (stream) {
    const types = [];
    let waiting = null;
    for await (const { event, data } of stream) {
      types.push(event);
      if (event === "thread.message.delta") told.text += data.delta.content[0].text.value;
      if (event === "thread.run.requires_action") waiting = data;
    }
    told.types.push(types);
    if (waiting) told.rounds.push(ids(waiting));
    stream = waiting && (await runs.submitToolOutputs(waiting.id, { ...answer(waiting), stream: true }));
  }
}

/** The loop that was copied from app to app in 2024: it leaves each stream in the middle, at requires_action. */
async function seed() {
  let tool_outputs = [];
  let is_completed = false;
  let run_id;
  while (!is_completed) {
    const stream =
      tool_outputs.length === 0
        ? await runs.create(threadId, { ...body, stream: true })
        : runs.submitToolOutputsStream(run_id, { thread_id: threadId, tool_outputs });
    const types = [];
    for await (const event of stream) {
      types.push(event.event);
      if (event.event === "thread.message.delta") {
        told.text += event.data.delta.content[0].text.value;
      } else if (event.event === "thread.run.completed") {
        is_completed = true;
      } else if (event.event === "thread.run.requires_action") {
        run_id = event.data.id;
        told.rounds.push(ids(event.data));
        tool_outputs = outputs(event.data);
        break;
      }
    }
    told.types.push(types);
  }
}

/** runs.stream() and submitToolOutputsStream() with their callbacks. */
async function helpers() {
  let stream = runs.stream(threadId, body);
  let run;
  do {
    const types = [];
    stream.on("event", ({ event }) => types.push(event)).on("textDelta", ({ value }) => (told.text += value));
    run = await stream.finalRun();
    await stream.done();
    told.types.push(types);
    if (run.status === "requires_action") {
      told.rounds.push(ids(run));
      stream = runs.submitToolOutputsStream(run.id, answer(run));
    }
  } while (run.status === "requires_action");
}

async function polling() {
  const often = { pollIntervalMs: 20 };
  let run = await runs.createAndPoll(threadId, body, often);
  while (run.status === "requires_action") {
    told.rounds.push(ids(run));
    run = await runs.submitToolOutputsAndPoll(run.id, answer(run), often);
  }
}

await { raw, seed, helpers, polling }[way]();
tell(told);
