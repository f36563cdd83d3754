// Every call that makes, reads, changes, lists or deletes something.
import { api, tell } from "./sdk.mjs";
import { all, CHAINED, ECHO, outputs, player, refusal, scene, settled } from "./scene.mjs";

const function_ = { name: "get_weather", description: "Weather now", parameters: { type: "object", properties: {} } };

async function assistants() {
  const created = await api.assistants.create({
    model: "builtin/guide",
    name: "Old",
    instructions: "Be brief.",
    tools: [{ type: "function", function: function_ }],
    metadata: { a: "1" },
  });
  const updated = await api.assistants.update(created.id, { name: "New", metadata: { b: "2" } });
  const read = await api.assistants.retrieve(created.id);
  const deleted = await api.assistants.delete(created.id);
  return { created, updated, read, deleted, gone: (await refusal(api.assistants.retrieve(created.id))).status };
}

async function threads() {
  const empty = await api.threads.create();
  const created = await api.threads.create({
    messages: [
      { role: "user", content: "First" },
      { role: "user", content: "Second", metadata: { mood: "calm" } },
    ],
    metadata: { topic: "tides" },
  });
  const updated = await api.threads.update(created.id, { metadata: { topic: "winds" } });
  const read = await api.threads.retrieve(created.id);
  const messages = await all(api.messages.list(created.id, { order: "asc" }));
  const deleted = await api.threads.delete(created.id);
  return { empty, created, updated, read, messages, deleted };
}

async function messages() {
  const thread = await api.threads.create();
  const created = await api.messages.create(thread.id, { role: "user", content: "Hello 🦊" });
  const updated = await api.messages.update(created.id, { thread_id: thread.id, metadata: { seen: "yes" } });
  const read = await api.messages.retrieve(created.id, { thread_id: thread.id });
  const deleted = await api.messages.delete?.(created.id, { thread_id: thread.id });
  return { created, updated, read, deleted };
}

async function runs() {
  const [thread_id, body] = await scene(ECHO, { tools: [] });
  const created = await api.runs.create(thread_id, { ...body, metadata: { a: "1" }, temperature: 0.5 });
  const completed = await settled(created);
  const updated = await api.runs.update(created.id, { thread_id, metadata: { b: "2" } });
  const steps = await all(api.steps.list(created.id, { thread_id }));
  const step = await api.steps.retrieve(steps[0].id, { thread_id, run_id: created.id });
  const written = await all(api.messages.list(thread_id, { run_id: created.id }));
  const assistant = await player(ECHO, { tools: [] });
  const both = await api.threads.createAndRun({
    assistant_id: assistant.id,
    thread: { messages: [{ role: "user", content: "Ahoy" }], metadata: { topic: "ships" } },
  });
  return { created, completed, updated, steps, step, written, both, ended: await settled(both) };
}

/** Two rounds of calls, answered by hand; its three steps are listed one by one. */
async function calls() {
  const [thread_id, body] = await scene(CHAINED);
  const told = [await settled(await api.runs.create(thread_id, body))];
  while (told.at(-1).status === "requires_action") {
    const answer = { thread_id, tool_outputs: outputs(told.at(-1)) };
    told.push(await api.runs.submitToolOutputs(told.at(-1).id, answer));
    told.push(await settled(told.at(-1)));
  }
  const steps = async (order) => await all(api.steps.list(told[0].id, { thread_id, order, limit: 1 }));
  return { told, steps: await steps("asc"), backwards: await steps("desc") };
}

/** Places in the order of creation, by each way to ask for them. */
async function pages(made, list) {
  const places = (found) => found.map(({ id }) => made.indexOf(id));
  const paged = async (query) => places(await all(list({ limit: 2, ...query })));
  const one = async (query) => places((await list(query)).data);
  const back = []; // to the first one, before which there may be others
  for await (const { id } of list({ limit: 2 })) if (back.push({ id }) && id === made[0]) break;
  const first = await list({ order: "asc", after: made[0], limit: 2 });
  const sizes = [];
  for await (const page of first.iterPages()) sizes.push(page.data.length);
  return {
    asc: await paged({ order: "asc", after: made[0] }),
    desc: places(back),
    after: await one({ after: made[3], limit: 3 }),
    before: [await one({ order: "asc", before: made[3], limit: 2 }), await paged({ before: made[0] })],
    between: await paged({ order: "asc", after: made[0], before: made[4] }),
    end: await one({ order: "asc", after: made[4] }),
    byHand: [first.hasNextPage(), places((await first.getNextPage()).data), sizes],
  };
}

async function paging() {
  const assistant = await player(ECHO);
  const thread = await api.threads.create();
  const made = { assistants: [], messages: [], runs: [] };
  for (const content of ["0", "1", "2", "3", "4"]) {
    made.assistants.push((await api.assistants.create({ model: "builtin/guide" })).id);
    made.messages.push((await api.messages.create(thread.id, { role: "user", content })).id);
  }
  const found = {
    assistants: await pages(made.assistants, (query) => api.assistants.list(query)),
    messages: await pages(made.messages, (query) => api.messages.list(thread.id, query)),
  };
  for (const _ of made.messages) made.runs.push((await api.runs.create(thread.id, { assistant_id: assistant.id })).id);
  await settled({ id: made.runs.at(-1), thread_id: thread.id });
  return { ...found, runs: await pages(made.runs, (query) => api.runs.list(thread.id, query)) };
}

async function responses() {
  const raw = await api.threads.create({}).asResponse();
  const { data, response } = await api.threads.create({}).withResponse();
  const request = response.headers.get("x-request-id");
  return {
    raw: [raw.status, raw.headers.get("content-type"), (await raw.json()).object],
    parsed: [data.object, response.status, /^req_[0-9a-f]{32}$/.test(request)],
    request: data._request_id === undefined ? undefined : data._request_id === request,
    version: response.headers.get("openai-version"),
  };
}

/** What the API's second version has dropped. */
async function files() {
  if (api["assistants.files"] === undefined) return undefined;
  const file = { file_id: "file-A" };
  const found = [];
  for (const [noun, ids] of [["assistants.files", ["asst_A"]], ["messages.files", ["thread_A", "msg_A"]]]) {
    if (api[noun].create) found.push(await refusal(api[noun].create(...ids, file)));
    found.push(await refusal(api[noun].retrieve(...ids, "file-A")), await refusal(api[noun].list(...ids)));
    if (api[noun].delete) found.push(await refusal(api[noun].delete(...ids, "file-A")));
  }
  return found;
}

tell({
  assistants: await assistants(),
  threads: await threads(),
  messages: await messages(),
  runs: await runs(),
  calls: await calls(),
  paging: await paging(),
  responses: await responses(),
  files: await files(),
});
