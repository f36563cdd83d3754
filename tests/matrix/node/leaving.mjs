// Leaving a stream by every way there is, which stops no run; and cancelling, which does.
import { api, tell } from "./sdk.mjs";
import { recorded } from "./recorded.mjs";
import { PAUSE, refusal, scene, SILENCE, ONE_CALL, settled, STALL, streamed, text, texts } from "./scene.mjs";

/** How a run whose stream was left went on. */
async function wentOn(thread_id) {
  const [run] = (await api.runs.list(thread_id)).data;
  return { status: (await settled(run)).status, texts: await texts(thread_id) };
}

const isText = ({ event }) => event === "thread.message.delta";

async function broken() {
  const [thread_id, body] = await scene(PAUSE);
  for await (const event of await api.runs.create(thread_id, { ...body, stream: true })) if (isText(event)) break;
  return await wentOn(thread_id);
}

async function brokenHelper() {
  const [thread_id, body] = await scene(PAUSE);
  for await (const event of streamed(thread_id, body)) if (isText(event)) break;
  return await wentOn(thread_id);
}

/** What a loop over a stream ends with when its controller is used. */
async function controller() {
  const [thread_id, body] = await scene(PAUSE);
  const stream = await api.runs.create(thread_id, { ...body, stream: true });
  const iterate = async () => {
    for await (const event of stream) if (isText(event)) stream.controller.abort();
  };
  return { ended: await refusal(iterate()), ...(await wentOn(thread_id)) };
}

async function abort() {
  const [thread_id, body] = await scene(PAUSE);
  const stream = streamed(thread_id, body);
  const calls = recorded(stream);
  stream.on("textDelta", (_, { value }) => value === "Before the pause" && stream.abort());
  const { kind } = await refusal(stream.finalRun());
  return { calls, kind, state: [stream.ended, stream.errored, stream.aborted], ...(await wentOn(thread_id)) };
}

async function signal() {
  const [thread_id, body] = await scene(PAUSE);
  const aborter = new AbortController();
  const stream = streamed(thread_id, body, { signal: aborter.signal });
  stream.once("textDelta", () => aborter.abort());
  return { kind: (await refusal(stream.done())).kind, ...(await wentOn(thread_id)) };
}

/** The same asked for once more, behind a stream that was left, is another run. */
async function askedAgain() {
  const [thread_id, body] = await scene(PAUSE);
  const asked = () => api.runs.create(thread_id, { ...body, stream: true });
  for await (const event of await asked()) if (isText(event)) break;
  await wentOn(thread_id);
  let said = "";
  for await (const event of await asked()) if (isText(event)) said += text(event.data.delta);
  return { said, runs: (await api.runs.list(thread_id)).data.length };
}

/** Cancelled from within the loop that reads. */
async function cancelled() {
  const [thread_id, body] = await scene(STALL);
  const types = [];
  let said = "";
  for await (const event of await api.runs.create(thread_id, { ...body, stream: true })) {
    types.push(event.event);
    if (!isText(event)) continue;
    said += text(event.data.delta);
    if (said !== "One moment") continue;
    const [run] = (await api.runs.list(thread_id)).data;
    types.push((await api.runs.cancel(run.id, { thread_id })).status);
  }
  return { types, texts: await texts(thread_id) };
}

async function cancelledHelper() {
  const [thread_id, body] = await scene(STALL);
  const stream = streamed(thread_id, body);
  const calls = recorded(stream);
  stream.on("textDelta", (_, { value }) => {
    if (value === "One moment") void api.runs.cancel(stream.currentRun().id, { thread_id });
  });
  return { status: (await stream.finalRun()).status, calls };
}

/** One that waits for its turn, one that the model is at, one that waits for its caller. */
async function cancels() {
  const found = [];
  const cancel = async ({ id, thread_id }) => {
    found.push((await api.runs.cancel(id, { thread_id })).status, (await settled({ id, thread_id })).status);
  };
  const [thread_id, body] = await scene(SILENCE);
  const first = await api.runs.create(thread_id, body);
  await cancel(await api.runs.create(thread_id, body));
  await cancel(first);
  await cancel(await settled(await api.runs.create(...(await scene(ONE_CALL)))));
  return found;
}

tell({
  broken: await broken(),
  brokenHelper: await brokenHelper(),
  controller: await controller(),
  abort: await abort(),
  signal: await signal(),
  askedAgain: await askedAgain(),
  cancelled: await cancelled(),
  cancelledHelper: await cancelledHelper(),
  cancels: await cancels(),
});
