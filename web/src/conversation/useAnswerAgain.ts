/** Deletes an answer and has its assistant answer again; what was deleted stays at hand in this page. */

import { ApiError, type Client, type Message } from "livethread";
import { useCallback, useState } from "react";
import type { Assistant } from "./Around";
import type { Answer } from "./entries";

interface Needed {
  client: Client;
  threadId: string;
  /** Null until they are known. */
  assistants: readonly Assistant[] | null;
  nameOf(assistant_id: string | null): string;
  run(assistant_id: string): Promise<unknown>;
  /** Does something, and says so where it fails. */
  attempt(what: string, act: () => Promise<unknown>, again?: () => void): Promise<void>;
}

export interface AnswerAgain {
  /** What was deleted, by the run that had said it. */
  deleted: ReadonlyMap<string, readonly Message[]>;
  /** Resolves once it is done, or said to have failed. */
  answerAgain(answer: Answer): Promise<void>;
}

export function useAnswerAgain({ client, threadId, assistants, nameOf, run, attempt }: Needed): AnswerAgain {
  const [deleted, setDeleted] = useState<AnswerAgain["deleted"]>(new Map());
  const answerAgain = useCallback(
    async ({ run_id, assistant_id, parts }: Answer) => {
      const name = nameOf(assistant_id);
      const ask = (): Promise<void> =>
        attempt(`The answer is deleted, and ${name} could not be asked again`, () => run(assistant_id!), () => void ask());
      const messages = parts.flatMap((part) => (part.kind === "calls" ? [] : [part.message]));
      let first = !messages.length;
      let done = false;
      await attempt("It could not be answered again", async () => {
        if (assistants && !assistants.some(({ id }) => id === assistant_id)) throw new Error(`${name} is no more.`);
        setDeleted((deleted) => new Map(deleted).set(run_id, messages));
        const path = `/threads/${encodeURIComponent(threadId)}/messages`;
        for (const { id } of messages) first = (await gone(client, `${path}/${encodeURIComponent(id)}`)) || first;
        done = true;
      });
      if (!done) return;
      if (first) return ask();
      const taken = async () => Promise.reject(new Error("somebody else has deleted the answer already."));
      await attempt(`${name} was not asked again`, taken, () => void ask());
    },
    [client, threadId, assistants, nameOf, run, attempt],
  );
  return { deleted, answerAgain };
}

/** Delete something, which may be deleted already; resolves with whether it was not. */
async function gone(client: Client, path: string): Promise<boolean> {
  try {
    await client.http.call("DELETE", path);
    return true;
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 404)) throw error;
    return false;
  }
}
