import { beforeEach, expect, test, vi } from "vitest";
import { kept } from "../src/app/kept";

const number = () =>
  kept<number>(
    "number",
    (text) => Number(text ?? 1),
    (value) => (value === 1 ? null : `${value}`),
  );

beforeEach(() => localStorage.clear());

test("what was chosen is kept for the next page", () => {
  number().set(7);
  expect([localStorage.getItem("livethread.number"), number().get()]).toEqual(["7", 7]);
  number().set(1);
  expect([localStorage.getItem("livethread.number"), number().get()]).toEqual([null, 1]);
});

test("a choice made in another tab is taken over, and those who look on are told", () => {
  const here = number();
  const told: number[] = [];
  const stop = here.subscribe(() => told.push(here.get()));
  window.dispatchEvent(new StorageEvent("storage", { key: "livethread.number", newValue: "8" }));
  window.dispatchEvent(new StorageEvent("storage", { key: "livethread.other", newValue: "9" }));
  window.dispatchEvent(new StorageEvent("storage", { key: null, newValue: null })); // all was cleared
  stop();
  window.dispatchEvent(new StorageEvent("storage", { key: "livethread.number", newValue: "10" }));
  expect(told).toEqual([8, 1]);
});

test("where the browser keeps nothing, a choice holds as long as the page", () => {
  const closed = vi.spyOn(globalThis, "localStorage", "get").mockImplementation(() => {
    throw new DOMException("denied", "SecurityError");
  });
  try {
    const here = number();
    here.set(7);
    expect(here.get()).toBe(7);
  } finally {
    closed.mockRestore();
  }
});
