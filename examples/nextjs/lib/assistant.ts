// Which assistant answers: the one that OPENAI_ASSISTANT_ID names, else one of our own, made when it is first needed.
import { createHash } from "node:crypto";
import { NotFoundError } from "openai";
import { definitions } from "./functions.ts";
import { livethread, url } from "./livethread.ts";

const body = {
  name: "Cat expert",
  model: "builtin/tools", // calls functions with what it finds in the message, needs no key, and is no language model
  instructions: "You know everything about cats. Use your functions.",
  tools: definitions,
};
const made_from = createHash("sha256").update(JSON.stringify(body)).digest("hex"); // of other functions, another assistant

export async function assistantId(): Promise<string> {
  const named = process.env.OPENAI_ASSISTANT_ID;
  if (named) return imported(named);
  for await (const { id, metadata } of livethread.beta.assistants.list({ limit: 100 })) {
    if ((metadata as Record<string, string> | null)?.made_from === made_from) return id;
  }
  return (await livethread.beta.assistants.create({ ...body, metadata: { made_from } })).id;
}

async function imported(id: string): Promise<string> {
  try {
    return (await livethread.beta.assistants.retrieve(id)).id;
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    throw new Error(
      `The assistant ${id}, which OPENAI_ASSISTANT_ID names, is not on the server at ${url}. ` +
        "Import it with livethread import, or leave the variable out, and one is made.",
    );
  }
}
