// What every script here begins with: the client of the server that is named as the argument, and scenarios to play.
import { readFileSync } from "node:fs";
import OpenAI from "openai";

export const client = new OpenAI({ baseURL: `${process.argv[2]}/v1`, apiKey: "any", maxRetries: 0 });

const SCRIPTS = new URL("../../spec/scripts/", import.meta.url);

/** One of the scenarios that document the format. */
export const script = (name) => readFileSync(new URL(`${name}.yaml`, SCRIPTS), "utf8");

export const ONE_CALL = JSON.stringify({
  turns: [
    [{ tool_calls: [{ name: "get_weather", id: "call_rome", arguments: { city: "Rome" } }] }],
    [{ text: "It is sunny in Rome." }],
  ],
});

/** Every function that the scenarios call; a run may call no other. */
const tools = ["get_weather", "find_city"].map((name) => ({ type: "function", function: { name } }));

/** An assistant that plays a scenario. */
export const player = (scenario) =>
  client.beta.assistants.create({ model: "builtin/script", instructions: scenario, tools });

/** The ids of a thread with one question and of an assistant that plays a scenario. */
export async function scene(scenario, question = "Hello") {
  const thread = await client.beta.threads.create({ messages: [{ role: "user", content: question }] });
  const assistant = await player(scenario);
  return [thread.id, { assistant_id: assistant.id }];
}

/** An output for each call that a run waits for. */
export const outputs = (run) =>
  run.required_action.submit_tool_outputs.tool_calls.map(({ id }) => ({
    tool_call_id: id,
    output: `sunny for ${id}`,
  }));

export const text = (message) => message.content.map((block) => block.text.value).join("");

/** Every message of a thread, oldest first. */
export async function texts(threadId) {
  const found = [];
  for await (const message of client.beta.threads.messages.list(threadId, { order: "asc" })) {
    found.push([message.role, message.status, text(message)]);
  }
  return found;
}

/** Writes down every callback of a stream helper; deltas of one text that follow each other become one. */
export function recorded(stream) {
  const calls = [];
  const call = ({ id, function: { name, arguments: given } }) => [id, name, given];
  stream
    .on("messageCreated", (message) => calls.push(["messageCreated", message.status]))
    .on("messageDone", (message) => calls.push(["messageDone", message.status, text(message)]))
    .on("textCreated", (content) => calls.push(["textCreated", content.annotations.length]))
    .on("textDelta", (delta, snapshot) => {
      const last = calls.at(-1);
      const before = last[0] === "textDelta" ? calls.pop()[1] : "";
      calls.push(["textDelta", before + delta.value]);
      if (snapshot.value !== before + delta.value) calls.push(["snapshot is wrong", snapshot.value]);
    })
    .on("textDone", (content) => calls.push(["textDone", content.value]))
    .on("toolCallCreated", (made) => calls.push(["toolCallCreated", ...call(made)]))
    .on("toolCallDelta", (_, made) => calls.push(["toolCallDelta", ...call(made)]))
    .on("toolCallDone", (made) => calls.push(["toolCallDone", ...call(made)]))
    .on("runStepCreated", (step) => calls.push(["runStepCreated", step.type]))
    .on("runStepDelta", (_, step) =>
      calls.push(["runStepDelta", step.step_details.tool_calls.map(({ id }) => id)]),
    )
    .on("runStepDone", (step) => calls.push(["runStepDone", step.type, step.status]))
    .on("run", (run) => calls.push(["run", run.status]))
    .on("error", (error) => calls.push(["error", String(error)]))
    .on("abort", (error) => calls.push(["abort", String(error)]))
    .on("end", () => calls.push(["end"]));
  return calls;
}

/** What a script has to say: one JSON value. */
export const tell = (value) => process.stdout.write(JSON.stringify(value));
