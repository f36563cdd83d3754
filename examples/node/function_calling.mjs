// Functions of yours, called by a model: several at once, in several rounds.
// Beside a running server: node examples/node/function_calling.mjs
import OpenAI from "openai";

const url = process.env.LIVETHREAD_URL ?? "http://127.0.0.1:8000";
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "any" });
const { runs } = client.beta.threads;

const FUNCTIONS = {
  get_weather: ({ city }) => ({ Bergen: "rain, 9 degrees", Oslo: "sun, 14 degrees" })[city] ?? "nobody knows",
  book_cabin: ({ city, guests }) => `cabin 7 in ${city}, with a stove and ${guests} beds`,
};
const tool = (name, description, properties) => ({
  type: "function",
  function: { name, description, parameters: { type: "object", properties, required: Object.keys(properties) } },
});
const tools = [
  tool("get_weather", "The weather in a city", { city: { type: "string" } }),
  tool("book_cabin", "Books a cabin", { city: { type: "string" }, guests: { type: "integer" } }),
];

const question = "What is the weather in Oslo and in Bergen? Then book a cabin in Bergen for 2 guests.";
const assistant = await client.beta.assistants.create({ model: "builtin/tools", name: "Toolbox", tools });
const thread = await client.beta.threads.create({ messages: [{ role: "user", content: question }] });
console.log(`You: ${question}`);

let stream = await runs.create(thread.id, { assistant_id: assistant.id, stream: true });
while (stream) {
  let waiting = null;
  for await (const { event, data } of stream) {
    if (event === "thread.message.created") {
      process.stdout.write("\nToolbox: ");
    } else if (event === "thread.message.delta") {
      process.stdout.write(data.delta.content[0].text.value);
    } else if (event === "thread.message.completed") {
      console.log();
    } else if (event === "thread.run.requires_action") {
      waiting = data;
    } else if (["thread.run.failed", "thread.run.expired", "thread.run.cancelled"].includes(event)) {
      throw new Error(`The run has ${data.status}: ${data.last_error?.message ?? "no reason given"}`);
    }
  }
  const tool_outputs = waiting?.required_action.submit_tool_outputs.tool_calls.map((call) => {
    const output = FUNCTIONS[call.function.name](JSON.parse(call.function.arguments));
    console.log(`  ${call.function.name}(${call.function.arguments}) -> ${output}`);
    return { tool_call_id: call.id, output };
  });
  stream =
    waiting && (await runs.submitToolOutputs(waiting.id, { thread_id: thread.id, tool_outputs, stream: true }));
}
