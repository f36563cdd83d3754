import { act, renderHook } from "@testing-library/react";
import { ApiError, type Client } from "livethread";
import { expect, it, vi } from "vitest";
import { useAnswerAgain } from "../../src/conversation/useAnswerAgain";
import { answered } from "./things";

const message = answered("m", "r1");
const answer = { run_id: "r1", assistant_id: "asst_1", run: null, parts: [{ kind: "message" as const, message }], before: [], deleted: [], latest: true };
const assistants = [{ id: "asst_1", name: "Ada", model: "a/model" }];

/** What is done and said, in order. */
async function asked({ call = async () => {}, known = assistants }: { call?: () => Promise<unknown>; known?: typeof assistants } = {}) {
  const done: string[] = [];
  const http = { call: vi.fn((method: string, path: string) => (done.push(`${method} ${path}`), call())) };
  const { result } = renderHook(() =>
    useAnswerAgain({
      client: { http } as unknown as Client,
      threadId: "t",
      assistants: known,
      nameOf: () => "Ada",
      run: async (id) => void done.push(`run ${id}`),
      attempt: (what, act) => act().then(() => {}, (error: Error) => void done.push(`${what}: ${error.message}`)),
    }),
  );
  await act(() => result.current.answerAgain(answer));
  return [done, [...result.current.deleted]];
}

it("deletes an answer, keeps it here, and asks its assistant", async () => {
  expect(await asked()).toEqual([["DELETE /threads/t/messages/m", "run asst_1"], [["r1", [message]]]]);
});

it("asks also when somebody else has deleted it", async () => {
  const call = () => Promise.reject(new ApiError("No message found.", 404));
  expect((await asked({ call }))[0]).toEqual(["DELETE /threads/t/messages/m", "run asst_1"]);
});

it("asks nobody when it cannot be deleted", async () => {
  const call = () => Promise.reject(new Error("No."));
  expect((await asked({ call }))[0]).toEqual(["DELETE /threads/t/messages/m", "It could not be answered again: No."]);
});

it("deletes nothing of an assistant that is no more", async () => {
  expect(await asked({ known: [] })).toEqual([["It could not be answered again: Ada is no more."], []]);
});
