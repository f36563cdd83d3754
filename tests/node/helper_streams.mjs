// The AssistantStream helper: every callback, and what it gathers, for each kind of answer.
import { client, ONE_CALL, outputs, player, recorded, scene, script, tell, text } from "./scene.mjs";

const { threads } = client.beta;

async function streamed(stream) {
  const calls = recorded(stream);
  const run = await stream.finalRun();
  await stream.done();
  const messages = await stream.finalMessages();
  const steps = await stream.finalRunSteps();
  return { calls, run, messages, steps };
}

/** A run and every answer to its calls, one stream each. */
async function loop(scenario) {
  const [threadId, body] = await scene(scenario);
  const found = [await streamed(threads.runs.stream(threadId, body))];
  while (found.at(-1).run.status === "requires_action") {
    const { run } = found.at(-1);
    found.push(
      await streamed(
        threads.runs.submitToolOutputsStream(run.id, { thread_id: threadId, tool_outputs: outputs(run) }),
      ),
    );
  }
  const { run } = found.at(-1);
  const read = await threads.runs.retrieve(run.id, { thread_id: threadId });
  const written = await threads.messages.list(threadId, { run_id: run.id, order: "asc" });
  const steps = await threads.runs.steps.list(run.id, { thread_id: threadId, order: "asc" });
  const gathered = new Map(found.flatMap((one) => one.steps.map((step) => [step.id, step])));
  return {
    calls: found.map((one) => one.calls),
    run: [run, read],
    messages: [found.flatMap((one) => one.messages), written.data],
    steps: [[...gathered.values()], steps.data],
  };
}

async function created() {
  const assistant = await player(script("echo"));
  const stream = threads.createAndRunStream({
    assistant_id: assistant.id,
    thread: { messages: [{ role: "user", content: "Hello" }] },
  });
  const events = [];
  stream.on("event", ({ event }) => events.push(event));
  const { calls, messages } = await streamed(stream);
  return { first: events[0], calls, said: messages.map(text) };
}

tell({
  plain: await loop(script("echo")),
  call: await loop(ONE_CALL),
  parallel: await loop(script("tool-calls-parallel")),
  chained: await loop(script("tool-calls-chained")),
  length: await loop(script("length")),
  failed: await loop(script("error-in-mid-stream")),
  created: await created(),
});
