// The official SDK as one of its versions has it: `node PROGRAM.mjs FOLDER URL …`, where FOLDER holds the version's
// node_modules. Programs call all versions in the newest way; what that means to an older one is told here alone.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [, , folder, url, ...rest] = process.argv;

/** What else a program was given. */
export const given = rest;

const require = createRequire(`${folder}/`);
export const OpenAI = require("openai");
export const { AssistantStream } = require("openai/lib/AssistantStream");
export const { Stream } = require("openai/streaming");

const { version } = JSON.parse(readFileSync(`${folder}/node_modules/openai/package.json`, "utf8"));

/** Until version 5 ids stood in the order of the path, each an argument, and `delete` was `del`. */
const older = Number(version.split(".")[0]) < 5;

export const connect = (options) =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey: "any", maxRetries: 0, ...options });

export const client = connect();

const NAMELESS = new Set(["retrieve", "delete", "cancel", "poll"]); // calls without a body or query of their own

const resources = ({ beta: { assistants, threads } }) => ({
  assistants,
  threads,
  messages: threads.messages,
  runs: threads.runs,
  steps: threads.runs.steps,
  // The API's first version kept files here; SDKs that were written for it still call them.
  "assistants.files": assistants.files,
  "messages.files": threads.messages.files,
});

const named = (name) => (older && name === "delete" ? "del" : name);

function placed(name, [id, params, ...options]) {
  if (!older || params?.thread_id === undefined) return [id, params, ...options];
  const { thread_id, run_id, ...body } = params;
  const ids = run_id === undefined ? [thread_id, id] : [thread_id, run_id, id];
  return NAMELESS.has(name) && Object.keys(body).length === 0 ? [...ids, ...options] : [...ids, body, ...options];
}

const called = new Set();

function callable(noun, resource) {
  return new Proxy(resource, {
    get(_, name) {
      const call = resource[named(name)];
      if (typeof call !== "function") return undefined;
      return (...values) => {
        called.add(`${noun}.${named(name)}`);
        return call.apply(resource, placed(name, values));
      };
    },
  });
}

/** The calls of a client by noun: `api.runs.cancel(id, { thread_id })`; one that the version lacks is undefined. */
export const nouns = (of) =>
  Object.fromEntries(
    Object.entries(resources(of))
      .filter(([, resource]) => resource !== undefined)
      .map(([noun, resource]) => [noun, callable(noun, resource)]),
  );

export const api = nouns(client);

/** Every call that the version has of these nouns. */
export const surface = () =>
  Object.entries(resources(client))
    .filter(([, resource]) => resource !== undefined)
    .flatMap(([noun, resource]) =>
      Object.getOwnPropertyNames(Object.getPrototypeOf(resource))
        .filter((name) => name !== "constructor")
        .map((name) => `${noun}.${name}`),
    );

/** What a program has to say, and which calls of the SDK it made: one JSON value. */
export const tell = (told) => process.stdout.write(JSON.stringify({ told, called: [...called] }));
