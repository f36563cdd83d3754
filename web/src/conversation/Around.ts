/** What every part of a conversation may need. It changes seldom, since all of it is rendered again then. */

import type { ToolOutput } from "livethread";
import { createContext, useContext } from "react";
import type { Answer } from "./entries";

export interface Me {
  readonly user_id: string;
  readonly name: string;
}

/** As far as the conversation reads it. */
export interface Assistant {
  readonly id: string;
  readonly name: string | null;
  readonly model: string;
}

export interface AroundConversation {
  me: Me;
  /** Whether answers show while they are written. */
  streaming: boolean;
  /** The name of an assistant, also of one that is no more. */
  nameOf(assistant_id: string | null): string;
  /** Run an assistant again, as after a failure. */
  retry(answer: Answer): void;
  /** Delete an answer, for everybody, and have its assistant answer again; resolves once that is done, or said to have failed. */
  answerAgain(answer: Answer): Promise<void>;
  /** Give a run what its calls have returned, all of them; resolves once that is done, or said to have failed. */
  giveOutputs(run_id: string, outputs: ToolOutput[]): Promise<void>;
}

const Around = createContext<AroundConversation | null>(null);

export const AroundProvider = Around.Provider;

export function useAround(): AroundConversation {
  return useContext(Around)!;
}
