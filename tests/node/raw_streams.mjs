// Iterating create({ stream: true }): the event types in their order, a cancel from outside, a stream that is dropped.
import { client, ONE_CALL, outputs, scene, script, tell, texts } from "./scene.mjs";

const { threads } = client.beta;

async function types(stream) {
  const found = [];
  let run = null;
  for await (const { event, data } of stream) {
    found.push(event);
    if (data.object === "thread.run") run = data;
  }
  return [found, run];
}

async function orders(scenario) {
  const [threadId, body] = await scene(scenario);
  let [found, run] = await types(await threads.runs.create(threadId, { ...body, stream: true }));
  const all = [found];
  while (run.status === "requires_action") {
    [found, run] = await types(
      await threads.runs.submitToolOutputs(run.id, {
        thread_id: threadId,
        tool_outputs: outputs(run),
        stream: true,
      }),
    );
    all.push(found);
  }
  return all;
}

async function cancelled() {
  const [threadId, body] = await scene(script("stall"));
  const stream = await threads.runs.create(threadId, { ...body, stream: true });
  const found = [];
  let said = "";
  for await (const { event, data } of stream) {
    found.push(event);
    if (event === "thread.message.delta") {
      said += data.delta.content[0].text.value;
      if (said === "One moment") {
        const [run] = (await threads.runs.list(threadId)).data;
        await threads.runs.cancel(run.id, { thread_id: threadId });
      }
    }
  }
  return { types: found, texts: await texts(threadId) };
}

async function dropped() {
  const [threadId, body] = await scene(
    JSON.stringify({ turns: [[{ text: "Before" }, { stall_ms: 100 }, { text: " and behind." }]] }),
  );
  let runId;
  for await (const { data } of await threads.runs.create(threadId, { ...body, stream: true })) {
    runId = data.id;
    break; // closes the connection
  }
  const run = await threads.runs.poll(runId, { thread_id: threadId }, { pollIntervalMs: 20 });
  return { status: run.status, texts: await texts(threadId) };
}

tell({
  plain: await orders(script("echo")),
  call: await orders(ONE_CALL),
  chained: await orders(script("tool-calls-chained")),
  parallel: await orders(script("tool-calls-parallel")),
  length: await orders(script("length")),
  error: await orders(script("http-error")),
  cancelled: await cancelled(),
  dropped: await dropped(),
});
