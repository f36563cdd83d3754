// Chat completions as an app calls them: whole, streamed, with tools, by the helpers, and what is thrown.
import { client, connect, OpenAI, tell } from "./sdk.mjs";
import { script } from "./scene.mjs";

const completions = client.chat.completions;
const helpers = completions.runTools ? completions : client.beta.chat.completions; // they were beta until version 5
const NAMES = ["get_weather", "find_city"];
const tools = NAMES.map((name) => ({ type: "function", function: { name, parameters: { type: "object", properties: {} } } }));

const asked = (name, more) => ({
  model: "builtin/script",
  messages: [
    { role: "system", content: script(name) },
    { role: "user", content: "Hello 終🎉" },
  ],
  ...more,
});

async function whole() {
  const { object, choices, usage } = await completions.create(asked("echo"));
  return [object, choices[0].message.content, choices[0].finish_reason, usage.total_tokens > 0];
}

async function streamed() {
  const chunks = [];
  for await (const chunk of await completions.create(asked("echo", { stream: true, stream_options: { include_usage: true } }))) {
    chunks.push(chunk);
  }
  const spent = chunks.pop();
  return [
    chunks[0].choices[0].delta.role,
    chunks.map(({ choices }) => choices[0].delta.content ?? "").join(""),
    chunks.at(-1).choices[0].finish_reason,
    [spent.choices, spent.usage.total_tokens > 0],
  ];
}

/** The loop that every guide has: pieces are put together by their index. */
async function loop() {
  const body = asked("tool-calls-parallel", { tools, stream: true });
  const rounds = [];
  for (;;) {
    const message = { role: "assistant", content: "", tool_calls: [] };
    for await (const { choices } of await completions.create(body)) {
      message.content += choices[0].delta.content ?? "";
      for (const { index, id, function: piece } of choices[0].delta.tool_calls ?? []) {
        const call = (message.tool_calls[index] ??= { id, type: "function", function: { name: piece.name, arguments: "" } });
        call.function.arguments += piece.arguments ?? "";
      }
    }
    if (message.tool_calls.length === 0) return [rounds, message.content];
    rounds.push(message.tool_calls.map((call) => [call.id, JSON.parse(call.function.arguments)]));
    body.messages.push(message);
    body.messages.push(...message.tool_calls.map(({ id }) => ({ role: "tool", tool_call_id: id, content: "sunny" })));
  }
}

/** The SDK's own loop. */
async function runTools(stream) {
  const made = [];
  const runnable = NAMES.map((name) => ({
    type: "function",
    function: {
      name,
      parameters: { type: "object", properties: {} },
      parse: JSON.parse,
      function: (given) => {
        made.push([name, given]);
        return "sunny";
      },
    },
  }));
  const runner = helpers.runTools(asked("tool-calls-chained", { tools: runnable, stream }));
  return [await runner.finalContent(), made];
}

async function helper() {
  const told = [];
  const stream = helpers.stream(asked("echo"));
  stream.on("content", (_, snapshot) => told.push(snapshot));
  const final = await stream.finalChatCompletion();
  return [told.at(-1), final.choices[0].message.content, final.choices[0].finish_reason];
}

/** What is thrown, and what had been said by then. */
async function thrown(name, stream) {
  let said = "";
  try {
    const answer = await completions.create(asked(name, { stream }));
    if (stream) for await (const { choices } of answer) said += choices[0].delta.content ?? "";
  } catch (error) {
    return [error.constructor.name, error.status ?? null, error.code, said];
  }
  return "nothing";
}

/** Who leaves in mid-answer, and asks again. */
async function left() {
  for await (const { choices } of await completions.create(asked("stall", { stream: true }))) {
    if (choices[0].delta.content) break;
  }
  return (await whole())[1];
}

const wrong = connect({ maxRetries: 2 });
const body = { model: "no/such", messages: [{ role: "user", content: "Hello" }] };

tell({
  models: (await client.models.list()).data.map(({ id }) => id),
  whole: await whole(),
  streamed: await streamed(),
  loop: await loop(),
  runTools: [await runTools(false), await runTools(true)],
  helper: await helper(),
  left: await left(),
  errors: {
    missing: await wrong.chat.completions.create(body).catch((error) => [
      error instanceof OpenAI.NotFoundError,
      error.param,
      error.code,
    ]),
    "rate-limit": [await thrown("rate-limit", false), await thrown("rate-limit", true)],
    "wrong-key": [await thrown("wrong-key", false), await thrown("wrong-key", true)],
    cut: [await thrown("cut", false), await thrown("cut", true)],
  },
});
