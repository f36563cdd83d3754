/** One client for each server and person: components that name the same share its stores and connections. */

import { type Client, type ClientOptions, createClient, type Tools } from "./index.js";

/** A client, or what one is made of. */
export type UseOptions = (ClientOptions & { client?: undefined }) | { client: Client };

/** A client that several use. */
export interface Shared {
  client: Client;
  /** Have functions answer the calls of runs, until what is returned is called; of two with one name the newest does. */
  give(tools: Tools | undefined): () => void;
}

/** Clients by the plain ones of their options and, below, by one object among them after the other. */
class Shelf {
  readonly clients = new Map<string, Shared>();
  readonly #below = new WeakMap<object, Shelf>();

  below(object: object): Shelf {
    const known = this.#below.get(object) ?? new Shelf();
    this.#below.set(object, known);
    return known;
  }
}

const top = new Shelf();

/** What options say, as something to compare: functions count as given or not, since they are often written inline. */
export const contentOf = (options: UseOptions): unknown => options.client ?? plainOf(options);

export const toolsOf = (options: UseOptions): Tools | undefined => (options.client ? undefined : options.tools);

/** What the functions are called: whoever brings others looks anew at what waits. */
export const toolNames = (options: UseOptions): string => Object.keys(toolsOf(options) ?? {}).join();

/** The client of these options. */
export function shared(options: UseOptions): Shared {
  if (options.client) return { client: options.client, give: () => () => {} };
  // A server that renders for many people keeps nothing of any.
  if (!globalThis.window) return make(options);
  const shelf = given(options).reduce((shelf, [, value]) => (isObject(value) ? shelf.below(value) : shelf), top);
  const key = plainOf(options);
  const known = shelf.clients.get(key) ?? make(options);
  shelf.clients.set(key, known);
  return known;
}

const given = ({ tools: _, client: __, ...options }: UseOptions & { tools?: Tools }): [name: string, value: unknown][] =>
  Object.entries(options)
    .filter(([, value]) => value !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1));

const plainOf = (options: UseOptions): string =>
  JSON.stringify(given(options).map(([name, value]) => [name, isObject(value) ? "" : value]));

const isObject = (value: unknown): value is object => Object(value) === value;

function make(options: ClientOptions): Shared {
  /** Those that are given now; the client looks into this object whenever a run waits. */
  const tools: Tools = {};
  const givers = new Set<{ tools: Tools | undefined }>();
  const gather = () => {
    for (const name of Object.keys(tools)) delete tools[name];
    for (const giver of givers) Object.assign(tools, giver.tools);
  };
  return {
    client: createClient({ ...options, tools }),
    give(tools) {
      const giver = { tools };
      givers.add(giver);
      gather();
      return () => {
        givers.delete(giver);
        gather();
      };
    },
  };
}
