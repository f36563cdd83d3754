// @vitest-environment happy-dom
import { afterEach, expect, test, vi } from "vitest";
import { threadList } from "../src/list.js";
import { Desk } from "./desk.js";
import { client, reached } from "./stage.js";

const hidden = vi.spyOn(document, "hidden", "get");
const turn = (now: boolean) => {
  hidden.mockReturnValue(now);
  document.dispatchEvent(new Event("visibilitychange"));
};

let stop = () => {};
afterEach(() => stop());

test("a page that nobody sees has no connection for the list, and reads it again once it is seen", async () => {
  let title = "Before";
  const desk = new Desk(() => Response.json({ data: [{ id: "thread_1", title, active_at: 1 }], has_more: false }));
  const list = threadList(client(desk.options));
  turn(true);
  stop = list.subscribe(() => {});
  expect(desk.opened).toEqual([]);
  turn(false);
  await reached(list, ({ status }) => status === "live");
  turn(true);
  await expect.poll(() => desk.standing).toBe(0);
  expect(list.getSnapshot()).toMatchObject({ threads: [{ title: "Before" }], error: null });
  title = "After";
  turn(false);
  await reached(list, ({ threads }) => threads[0]!.title === "After");
  expect([desk.opened.length, desk.standing]).toEqual([2, 1]);
});

test("a page that is hidden for a moment keeps its connection", async () => {
  const desk = new Desk(() => Response.json({ data: [], has_more: false }));
  const list = threadList(client(desk.options));
  stop = list.subscribe(() => {});
  await reached(list, ({ status }) => status === "live");
  turn(true);
  turn(false);
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect([desk.opened.length, desk.standing]).toEqual([1, 1]);
});
