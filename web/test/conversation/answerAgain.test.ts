import { act, renderHook } from "@testing-library/react";
import { ApiError, type Client } from "livethread";
import { expect, it, vi } from "vitest";
import { useAnswerAgain } from "../../src/conversation/useAnswerAgain";
import { answered } from "./things";

const message = answered("m", "r1");
const answer = { run_id: "r1", assistant_id: "asst_1", run: null, parts: [{ kind: "message" as const, message }], before: [], deleted: [], latest: true };
const assistants = [{ id: "asst_1", name: "Ada", model: "a/model" }];

interface Asked {
  call: (path: string) => Promise<unknown>;
  known: typeof assistants;
  of: typeof answer;
}

/** What is done and said, in order. */
async function asked({ call = async () => {}, known = assistants, of = answer }: Partial<Asked> = {}) {
  const done: string[] = [];
  const http = { call: vi.fn((method: string, path: string) => (done.push(`${method} ${path}`), call(path))) };
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
  await act(() => result.current.answerAgain(of));
  return [done, [...result.current.deleted]];
}

it("deletes an answer, keeps it here, and asks its assistant", async () => {
  expect(await asked()).toEqual([["DELETE /threads/t/messages/m", "run asst_1"], [["r1", [message]]]]);
});

it("asks nobody when somebody else was first, who has asked", async () => {
  const call = () => Promise.reject(new ApiError("No message found.", 404));
  expect((await asked({ call }))[0]).toEqual([
    "DELETE /threads/t/messages/m",
    "Ada was not asked again: somebody else has deleted the answer already.",
  ]);
});

it("asks where only a part of the answer was deleted before", async () => {
  const call = (path: string) => (path.endsWith("/m") ? Promise.reject(new ApiError("No message found.", 404)) : Promise.resolve());
  const parts = [...answer.parts, { kind: "message" as const, message: answered("n", "r1") }];
  expect((await asked({ call, of: { ...answer, parts } }))[0]).toEqual([
    "DELETE /threads/t/messages/m",
    "DELETE /threads/t/messages/n",
    "run asst_1",
  ]);
});

it("asks nobody when it cannot be deleted", async () => {
  const call = () => Promise.reject(new Error("No."));
  expect((await asked({ call }))[0]).toEqual(["DELETE /threads/t/messages/m", "It could not be answered again: No."]);
});

it("deletes nothing of an assistant that is no more", async () => {
  expect(await asked({ known: [] })).toEqual([["It could not be answered again: Ada is no more."], []]);
});
