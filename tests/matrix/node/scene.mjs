// What the programs begin with: an assistant that plays a scenario, a thread that asks, outputs for its calls.
import { readFileSync } from "node:fs";
import { api } from "./sdk.mjs";

const SCRIPTS = new URL("../../../spec/scripts/", import.meta.url);

/** One of the scenarios that document the format. */
export const script = (name) => readFileSync(new URL(`${name}.yaml`, SCRIPTS), "utf8");

export const played = (...turns) => JSON.stringify({ turns });
const call = (name, id, given) => ({ name, id, arguments: given });

export const ECHO = script("echo");
export const PARALLEL = script("tool-calls-parallel");
export const CHAINED = script("tool-calls-chained");
export const STALL = script("stall");
export const SILENCE = played([{ stall_ms: "forever" }]);
export const PAUSE = played([{ text: "Before the pause" }, { stall_ms: 300 }, { text: " and behind it." }]);
export const ONE_CALL = played(
  [{ tool_calls: [call("get_weather", "call_rome", { city: "Rome" })] }],
  [{ text: "It is sunny in Rome." }],
);
/** Two calls at once, one that needs their outputs, one behind a sentence, the answer. */
export const THREE_ROUNDS = played(
  [{ tool_calls: [call("find_hotel", "call_hotel", { city: "Rome" }), call("find_train", "call_train", {})] }],
  [{ tool_calls: [call("get_price", "call_price", { hotel: "Aurora" })] }],
  [{ text: "The Aurora is free 🏨. " }, { tool_calls: [call("book", "call_book", { hotel: "Aurora" })] }],
  [{ text: "Done: ‘Aurora’, and the train 🚄 at nine." }],
);

/** Every function that the scenarios call; a run may call no other. */
const tools = ["get_weather", "find_city", "find_hotel", "find_train", "get_price", "book"].map((name) => ({
  type: "function",
  function: { name },
}));

export const player = (scenario, fields) =>
  api.assistants.create({ model: "builtin/script", instructions: scenario, tools, ...fields });

/** The ids of a thread with one question and of an assistant that plays a scenario. */
export async function scene(scenario, fields) {
  const [thread, assistant] = await Promise.all([
    api.threads.create({ messages: [{ role: "user", content: "Hello" }] }),
    player(scenario, fields),
  ]);
  return [thread.id, { assistant_id: assistant.id }];
}

export const callsOf = (run) => run.required_action.submit_tool_outputs.tool_calls;

/** An output for each call that a run waits for. */
export const outputs = (run) => callsOf(run).map(({ id }) => ({ tool_call_id: id, output: `sunny for ${id}` }));

/** What the parts of a message or of a delta say. */
export const text = ({ content }) => content.map((part) => part.text?.value ?? part.refusal).join("");

/** `runs.stream` is younger than 4.29, which calls it `createAndStream`. */
export const streamed = (...values) => (api.runs.stream ?? api.runs.createAndStream)(...values);

export async function all(list) {
  const found = [];
  for await (const one of list) found.push(one);
  return found;
}

/** Every message of a thread, oldest first. */
export const texts = async (thread) =>
  (await all(api.messages.list(thread, { order: "asc" }))).map((one) => [one.role, one.status, text(one)]);

const WAITS_OR_ENDED = new Set(["requires_action", "completed", "failed", "cancelled", "expired", "incomplete"]);

/** A run when it has ended or waits for its caller; by hand, as apps did before SDKs could. */
export async function settled({ id, thread_id }) {
  for (;;) {
    const run = await api.runs.retrieve(id, { thread_id });
    if (WAITS_OR_ENDED.has(run.status)) return run;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The class and every word of what a promise is refused with. */
export async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    const { status, code, param, type } = error;
    const request = error.headers?.["x-request-id"] ?? error.headers?.get?.("x-request-id") ?? "";
    return { kind: error.constructor.name, status, code, param, type, says: error.message, request };
  }
  return "was not refused";
}
