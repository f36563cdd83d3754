// An SDK whose first request meets trouble on its way: `patience.mjs FOLDER URL CALL TROUBLED_URL`.
import { api, connect, given, nouns, tell } from "./sdk.mjs";
import { all, ECHO, ONE_CALL, outputs, PAUSE, played, refusal, scene, settled, text, texts } from "./scene.mjs";

const [call, troubled] = given;
const patient = nouns(connect({ baseURL: `${troubled}/v1`, timeout: 1000, maxRetries: 2 }));

const types = (events) => events.map(({ event }) => event);

/** What became of a thread in the end. */
async function made(thread_id) {
  const runs = await all(api.runs.list(thread_id));
  for (const run of runs) await settled(run);
  return { runs: runs.length, texts: await texts(thread_id) };
}

async function message() {
  const { id } = await api.threads.create();
  const { role } = await patient.messages.create(id, { role: "user", content: "Once" });
  return { role, ...(await made(id)) };
}

async function run() {
  const [thread_id, body] = await scene(ECHO);
  const { status } = await patient.runs.create(thread_id, body);
  return { status, ...(await made(thread_id)) };
}

async function stream() {
  const [thread_id, body] = await scene(ECHO);
  const events = await all(await patient.runs.create(thread_id, { ...body, stream: true }));
  return { types: types(events), ...(await made(thread_id)) };
}

async function answer() {
  const waiting = await settled(await api.runs.create(...(await scene(ONE_CALL))));
  const { id, thread_id } = waiting;
  const submitted = patient.runs.submitToolOutputs(id, { thread_id, tool_outputs: outputs(waiting) });
  const { kind, says } = await refusal(submitted);
  return { refusal: kind === undefined ? null : [kind, says], ...(await made(thread_id)) };
}

/** A stream that has begun, and then is cut; also by a client that would try again. */
async function cut() {
  const [thread_id, body] = await scene(PAUSE);
  let heard = "";
  const read = async () => {
    for await (const { event, data } of await patient.runs.create(thread_id, { ...body, stream: true })) {
      if (event === "thread.message.delta") heard += text(data.delta);
    }
  };
  const { kind, says } = await refusal(read());
  return { thrown: [kind, says], heard, ...(await made(thread_id)) };
}

/** A stream that is silent for longer than the time-out, which is one until the answer begins. */
async function silence() {
  const [thread_id, body] = await scene(played([{ text: "One" }, { stall_ms: 1500 }, { text: " moment" }]));
  const events = await all(await patient.runs.create(thread_id, { ...body, stream: true }));
  return { types: types(events), ...(await made(thread_id)) };
}

tell(await { message, run, stream, answer, cut, silence }[call]());
