/** The conversation of one thread: its messages, and where one is written. */

import { ApiError, type Client, type ToolOutput } from "livethread";
import { useThread } from "livethread/react";
import { useCallback, useMemo, useRef, useState } from "react";
import { nameOfGone } from "../app/assistantNames";
import { Announcer } from "./Announcer";
import { useAddressed } from "./addressed";
import { AroundProvider, type Assistant, type Me } from "./Around";
import { arranged, EMPTY } from "./chunks";
import { Composer } from "./composer/Composer";
import styles from "./Conversation.module.css";
import type { Answer } from "./entries";
import { Loading } from "./Loading";
import { Log, type LogHandle } from "./Log";
import { sent } from "./sending";
import { failedOf } from "./runs";
import { useAnswerAgain } from "./useAnswerAgain";
import { useComings } from "./useComings";
import { useUnknown } from "./useUnknown";
import { Writing } from "./Writing";

export interface ConversationProps {
  client: Client;
  /** Another one needs another `key`. */
  threadId: string;
  me: Me;
  /** Null until they are known. */
  assistants: readonly Assistant[] | null;
  /** Looks for assistants anew. */
  onAssistants: () => Promise<void>;
  /** Whether answers show while they are written, or once they are whole. */
  streaming: boolean;
}

/** What went wrong, and what tries it again. */
interface Problem {
  text: string;
  again: (() => void) | undefined;
}

export function Conversation({ client, threadId, me, assistants, onAssistants, streaming }: ConversationProps) {
  const thread = useThread(threadId, { client });
  const { messages, has_more, runs, run_steps, people, status, activeRuns } = thread;
  const { run, stop, older } = thread;
  const [problem, setProblem] = useState<Problem | null>(null);
  const log = useRef<LogHandle>(null);

  const attempt = useCallback(async (what: string, act: () => Promise<unknown>, again?: () => void) => {
    setProblem(null);
    try {
      await act();
    } catch (error) {
      setProblem({ text: `${what}: ${(error as Error).message}`, again });
    }
  }, []);

  const nameOf = useCallback(
    (id: string | null) => {
      const known = assistants?.find((assistant) => assistant.id === id);
      return known?.name || known?.model || nameOfGone(id) || "Assistant";
    },
    [assistants],
  );
  useUnknown(runs, assistants, onAssistants);
  const { deleted, answerAgain } = useAnswerAgain({ client, threadId, assistants, nameOf, run, attempt });

  const newest = messages.find((message) => !message.pending)?.id ?? null;
  const comings = useComings(people, status, thread.thread !== null, newest, me.user_id);
  const held = useMemo(
    () => ({ messages, has_more, runs, run_steps, comings, deleted }),
    [messages, has_more, runs, run_steps, comings, deleted],
  );
  const before = useRef(EMPTY);
  const arrangement = useMemo(() => {
    before.current = arranged(before.current, held);
    return before.current;
  }, [held]);

  /** The newest message when the reader left the end; null while they are there. */
  const [left, setLeft] = useState<{ at: string | null } | null>(null);
  const now = useRef(newest);
  now.current = newest;
  const onFollow = useCallback((follows: boolean) => setLeft(follows ? null : { at: now.current }), []);
  const fresh = left ? Math.max(0, left.at === null ? messages.length : messages.findIndex(({ id }) => id === left.at)) : 0;

  const around = useMemo(
    () => ({
      me,
      streaming,
      nameOf,
      retry: (answer: Answer) => void attempt("It could not be tried again", () => run(answer.assistant_id!)),
      answerAgain,
      giveOutputs: (run_id: string, tool_outputs: ToolOutput[]) => {
        const path = `/threads/${encodeURIComponent(threadId)}/runs/${encodeURIComponent(run_id)}/submit_tool_outputs`;
        return attempt("The output could not be given", () => client.http.call("POST", path, { tool_outputs }));
      },
    }),
    [me, streaming, nameOf, attempt, run, client, threadId, answerAgain],
  );

  const send = useCallback(
    (text: string, ids: string[], key: string) => {
      log.current?.toEnd();
      const whole = sent(client, threadId, text, ids, key);
      whole.catch((error) => {
        if (error instanceof ApiError && error.status === 404) void onAssistants(); // who was asked may be no more
      });
      return whole;
    },
    [client, threadId, onAssistants],
  );
  const typing = useCallback(
    (typing: boolean) => {
      const body = { user_id: me.user_id, typing };
      client.http.call("POST", `/threads/${encodeURIComponent(threadId)}/typing`, body).catch(() => {}); // it lapses by itself
    },
    [client, threadId, me.user_id],
  );
  const addressed = useAddressed(messages, runs);
  const failed = useMemo(() => failedOf(addressed ?? [], runs), [addressed, runs]);
  const busy = useMemo(() => new Map(activeRuns.map(({ assistant_id, status }) => [assistant_id, status])), [activeRuns]);
  const halt = useCallback(() => void attempt("It could not be stopped", stop), [attempt, stop]);

  return (
    <AroundProvider value={around}>
      <div className={styles.conversation}>
        <Log
          of={threadId}
          handle={log}
          sections={arrangement.sections}
          busy={activeRuns.length > 0}
          has_more={has_more}
          older={older}
          fresh={fresh}
          onFollow={onFollow}
          empty={thread.thread ? <p className={styles.empty}>Nothing has been said yet.</p> : <Loading of={threadId} />}
        />
        <Announcer messages={messages} runs={runs} status={status} mine={me.user_id} nameOf={nameOf} />
        <div className={styles.foot}>
          <Writing people={people} mine={me.user_id} />
          {problem && (
            <div className={styles.problem} role="alert">
              <span>{problem.text}</span>
              {problem.again && (
                <button type="button" className={styles.dismiss} onClick={problem.again}>
                  Try again
                </button>
              )}
              <button type="button" className={styles.dismiss} onClick={() => setProblem(null)}>
                Dismiss
              </button>
            </div>
          )}
          <Composer
            of={threadId}
            assistants={assistants}
            addressed={thread.thread ? addressed : null}
            send={send}
            live={status === "live"}
            typing={typing}
            stop={activeRuns.length ? halt : null}
            busy={busy}
            failed={failed}
          />
        </div>
      </div>
    </AroundProvider>
  );
}
