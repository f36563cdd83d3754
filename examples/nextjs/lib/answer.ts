// The loop: a run from its stream to its end, in as many rounds of function calls as it takes.
import type OpenAI from "openai";
import type { AssistantStreamEvent } from "openai/resources/beta/assistants";
import type { Run } from "openai/resources/beta/threads/runs/runs";
import { outputOf } from "./functions.ts";
import { isOver, type Tell, telling, why } from "./told.ts";

export type Events = AsyncIterable<AssistantStreamEvent>;

const ATTEMPTS = 8;
const LOOK_AGAIN = 1_000;

/** The stream of a run that is on its way, from its beginning. */
export const follow = (openai: OpenAI, { id, thread_id }: Run): PromiseLike<Events> =>
  openai.get<Events>(`/threads/${thread_id}/runs/${id}/events`, { stream: true });

/**
 * Tell a run to its end. A stream that breaks off is followed again: the run has gone on meanwhile, and no other is begun.
 *
 * @param next - opens the stream
 * @returns how it has ended
 * @throws if the server cannot be reached, or does not know of it any more
 */
export async function answer(openai: OpenAI, next: () => PromiseLike<Events>, tell: Tell): Promise<Run["status"]> {
  const show = telling(tell);
  const outputs = new Map<string, Promise<string>>(); // no function is called twice, however often its output is sent
  let run: Run | undefined;
  let token: string | undefined;

  for (let failures = 0; !run || !isOver(run); ) {
    try {
      for await (const event of await next()) {
        if ("object" in event.data && event.data.object === "thread.run") run = event.data;
        show(event);
      }
      if (!run || !(isOver(run) || run.status === "requires_action")) throw new Error("The answer broke off.");
      next = called;
    } catch (error) {
      const isGone = (error as { status?: number }).status === 404;
      if (!run || isGone || ++failures === ATTEMPTS) throw error;
      const known = run;
      next = () => follow(openai, known);
      await sleep(Math.min(250 * 2 ** failures, 5_000));
    }
  }
  const reason = why(run);
  if (reason) tell("error", { message: reason });
  return run.status;

  /** Makes all calls that the run waits for, and sends all outputs at once. What it says then is the next stream. */
  async function called(): Promise<Events> {
    const { id, thread_id, required_action } = run!;
    const claim = await openai.post<{ granted: boolean; token: string }>(`/threads/${thread_id}/runs/${id}/claim`, {
      body: { user_id: "nextjs" },
      headers: { "x-livethread-claim": token },
    });
    if (!claim.granted) {
      await sleep(LOOK_AGAIN); // another request answers; should it be lost, its claim lapses
      return follow(openai, run!);
    }
    token = claim.token;
    const tool_outputs = await Promise.all(
      required_action!.submit_tool_outputs.tool_calls.map(async (call) => {
        const output = outputs.get(call.id) ?? outputOf(call.function.name, call.function.arguments);
        outputs.set(call.id, output);
        return { tool_call_id: call.id, output: await output };
      }),
    );
    const body = { thread_id, tool_outputs, stream: true as const };
    return openai.beta.threads.runs.submitToolOutputs(id, body, { headers: { "x-livethread-claim": token } });
  }
}

const sleep = (ms: number) => new Promise((wake) => setTimeout(wake, ms));
