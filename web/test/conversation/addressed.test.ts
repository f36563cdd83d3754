import type { Message, Run } from "livethread";
import { expect, test } from "vitest";
import { addressedIn } from "../../src/conversation/addressed";

const said = (created_at: number, rest: Partial<Message> = {}) =>
  ({ id: `msg_${created_at}`, role: "user", created_at, assistant_id: null, ...rest }) as Message;
const answered = (created_at: number, assistant_id: string) => said(created_at, { role: "assistant", assistant_id });
const run = (created_at: number, assistant_id: string) => ({ created_at, assistant_id }) as unknown as Run;

test.each<[string, Message[], Run[], string[] | undefined]>([
  ["nobody where no person has spoken", [answered(1, "a")], [], undefined],
  ["people where nobody answers", [said(3), answered(2, "a"), said(1)], [run(1, "a")], []],
  ["those whose runs began with it, in their order", [said(3), said(1)], [run(3, "b"), run(3, "a"), run(1, "c")], ["a", "b"]],
  ["those who have answered, where their runs are not held", [answered(5, "b"), answered(4, "a"), said(3)], [], ["a", "b"]],
  ["each once, however often they were asked", [answered(5, "a"), said(3)], [run(4, "a"), run(3, "a")], ["a"]],
  ["whom it did before, as long as the next message is on its way", [said(4, { pending: true }), said(3)], [run(3, "a")], ["a"]],
])("a thread addresses %s", (_, messages, runs, ids) => {
  expect(addressedIn(messages, runs)).toEqual(ids);
});
