/**
 * Functions of this page that answer the calls of runs; when many watch, exactly one does. Loaded on demand, by pages that
 * have such functions.
 */

import { callsOf } from "./calls.js";
import type { Fold } from "./fold.js";
import { type ApiError, type Http, isPassing } from "./http.js";
import type { Run } from "./types.js";

/** What a call is about, besides its arguments. */
export interface ToolContext {
  thread_id: string;
  run_id: string;
  tool_call_id: string;
  /** Aborted once the output is of no more use, or this page looks at the thread no more: within 5 seconds of it. */
  signal: AbortSignal;
}

/**
 * Answers a call. What it returns is the output: a string as it is, anything else as JSON. What it throws is told to
 * the model as the output. Once the page looks on no more it has a minute; then, or if it throws by then, the call is
 * anybody's.
 */
export type Tool = (args: any, context: ToolContext) => unknown;

/** By the names of the functions that assistants may call. */
export type Tools = Record<string, Tool>;

/** What a call has returned. */
export interface ToolOutput {
  tool_call_id: string;
  output: string;
}

interface Claim {
  granted: boolean;
  token?: string;
  /** Seconds since the epoch, by the server's clock. */
  expires_at: number;
}

/** A claim holds for 15 seconds, and is renewed well before. */
const RENEWED = 5_000;
/** How often it is, once this page looks on no more. */
const FAREWELL = 12;
/** Milliseconds that are waited, at most, before it is looked again whether somebody else's claim has led anywhere. */
const LAPSE = 15_000;

/** The calls of each thread that were taken up; whatever happens to them, nobody here takes them up again. */
const taken = new WeakMap<Fold, Set<string>>();

/** The calls that a run waits for, as something to compare. */
const keyOf = (run: Run): string => JSON.stringify(callsOf(run));

/**
 * Answer the calls of a run as long as it waits for them, unless that was begun before.
 *
 * @param fold - of the thread
 * @param followed - whether the fold is still current
 * @throws what `answer` does
 */
export async function takeUp(
  http: Http,
  fold: Fold,
  user: string,
  tools: Tools,
  run: Run,
  followed: () => boolean,
): Promise<void> {
  const key = keyOf(run);
  const keys = taken.get(fold) ?? new Set();
  if (keys.has(key)) return;
  taken.set(fold, keys.add(key));
  const waits = () => followed() && fold.runs.some((now) => now.id === run.id && keyOf(now) === key);
  const path = `/threads/${encodeURIComponent(run.thread_id)}/runs/${run.id}`;
  const called = await answer(http, path, user, tools, run, waits);
  if (!called) keys.delete(key); // we looked away before it was our turn, and may look on again
}

/**
 * Answer the calls of a run, unless somebody else does.
 *
 * @param path - of the run, behind `/v1`
 * @param user - who claims it
 * @param waits - whether the run still waits for these calls, and we still look on
 * @returns whether the functions were called
 * @throws ApiError: the run could not be claimed, or its outputs are refused
 */
export async function answer(
  http: Http,
  path: string,
  user: string,
  tools: Tools,
  run: Run,
  waits: () => boolean,
): Promise<boolean> {
  let outputs: Promise<ToolOutput[]> | undefined; // whatever happens to claims, no function is called twice
  const claim = (token?: string) => http.call<Claim>("POST", `${path}/claim`, { user_id: user }, bearing(token));
  const control = new AbortController();
  let failed = 0;
  while (waits()) {
    try {
      const { token, expires_at } = await claim();
      if (token) {
        outputs ??= Promise.all(callsOf(run).map((call) => called(tools, run, call, control.signal)));
        let left = FAREWELL;
        let cancel: () => void;
        const renew = () => {
          cancel = http.after(RENEWED, () => {
            if (!waits()) {
              control.abort();
              if (!left--) return;
            }
            renew();
            // One that is lost, or of no more use, is noticed at the end.
            claim(token).catch((error) => {
              if (isPassing(error.status)) return;
              cancel();
              if (isFinal(error)) control.abort(); // else the output may still be wanted
            });
          });
        };
        renew();
        const submit = (tool_outputs: ToolOutput[]) =>
          http.call("POST", `${path}/submit_tool_outputs`, { tool_outputs }, bearing(token));
        try {
          const given = await outputs.catch(() => null);
          if (!given) return false; // it was told to give up, and did: the call is anybody's
          await submit(given).catch((error) => {
            if (!isFinal(error) || !waits()) throw error;
            const output = `The output cannot be sent: ${error.message}`;
            return submit(given.map(({ tool_call_id }) => ({ tool_call_id, output })));
          });
          return true;
        } finally {
          cancel!();
        }
      }
      await http.sleep(Math.min(Math.max(expires_at * 1000 - http.now(), 1_000), LAPSE));
    } catch (error) {
      const final = isFinal(error as ApiError);
      // Somebody else may have answered, or stopped the run, and we learn of it in a moment. A server that is away comes back.
      await http.sleep(final ? 1_000 : http.pause(failed++, LAPSE));
      if (final && waits()) throw error;
    }
  }
  return !!outputs;
}

const isFinal = ({ status, code }: ApiError): boolean => !isPassing(status) && code !== "claim_lost";

const bearing = (token?: string) => token && { "x-livethread-claim": token };

type Call = ReturnType<typeof callsOf>[number];

async function called(tools: Tools, run: Run, call: Call, signal: AbortSignal): Promise<ToolOutput> {
  const { name, arguments: args } = call.function;
  const tool_call_id = call.id;
  let output: string;
  try {
    const context = { thread_id: run.thread_id, run_id: run.id, tool_call_id, signal };
    const given: unknown = await tools[name]!(JSON.parse(args || "{}"), context);
    output = typeof given === "string" ? given : (JSON.stringify(given) ?? "");
  } catch (error) {
    if (signal.aborted) throw error;
    output = `The function ${name} failed: ${error}`;
  }
  return { tool_call_id, output };
}
