// The functions that the model may call. To add one, add an entry: nothing else knows of them.
import type { FunctionTool } from "openai/resources/beta/assistants";

interface Callable {
  description: string;
  properties: Record<string, { type: string; description: string; enum?: string[] }>;
  /** What it throws is told to the model, which may do better then. */
  call(args: Record<string, unknown>): unknown;
}

const TRIVIA = [
  "A cat sleeps thirteen to sixteen hours a day.",
  "A cat has about thirty muscles for each ear.",
  "No cat can taste what is sweet.",
  "The print of a cat's nose is like no other.",
  "A group of cats is called a clowder.",
  "Most calico cats are female.",
  "A cat can jump five times as high as it is tall.",
];

const NAMES: Record<string, string[]> = {
  food: ["Mochi", "Biscuit", "Pickle"],
  music: ["Viola", "Tempo", "Django"],
  science: ["Quark", "Newton", "Curie"],
  space: ["Nova", "Comet", "Luna"],
};

const FUNCTIONS: Record<string, Callable> = {
  get_daily_cat_trivia: {
    description: "Get the cat trivia of the day.",
    properties: {},
    call: () => ({ trivia: TRIVIA[new Date().getDay()] }),
  },
  generate_cat_name: {
    description: "Generate a name for a cat.",
    properties: { theme: { type: "string", description: "What the name is taken from.", enum: Object.keys(NAMES) } },
    call({ theme }) {
      const names = new Map(Object.entries(NAMES)).get(theme as string);
      if (!names) throw new Error(`there is no theme ${JSON.stringify(theme)}, only ${Object.keys(NAMES).join(", ")}`);
      return { theme, name: names[Math.floor(Math.random() * names.length)] };
    },
  },
};

/** What the model is told of them. */
export const definitions: FunctionTool[] = Object.entries(FUNCTIONS).map(([name, { description, properties }]) => ({
  type: "function",
  function: {
    name,
    description,
    parameters: { type: "object", properties, required: Object.keys(properties), additionalProperties: false },
  },
}));

/** Their names, and how each is called. */
export const tools = Object.fromEntries(Object.entries(FUNCTIONS).map(([name, { call }]) => [name, call]));

const PATIENCE = 10_000;

/** What a call returns; that it cannot be made, fails or takes too long is an output, too. */
export async function outputOf(name: string, args: string): Promise<string> {
  let timer;
  try {
    if (!Object.hasOwn(FUNCTIONS, name)) throw new Error("there is no such function");
    const given: unknown = JSON.parse(args || "{}");
    if (typeof given !== "object" || given === null || Array.isArray(given)) throw new Error("its arguments are no object");
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`it took longer than ${PATIENCE / 1000} seconds`)), PATIENCE);
    });
    const output = await Promise.race([FUNCTIONS[name]!.call(given as Record<string, unknown>), late]);
    return typeof output === "string" ? output : (JSON.stringify(output) ?? "");
  } catch (error) {
    return `The function ${name} failed: ${error instanceof Error ? error.message : error}`;
  } finally {
    clearTimeout(timer);
  }
}
