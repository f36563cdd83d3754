import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { boundThread } from "../src/bound.js";
import { type Client } from "../src/index.js";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

/** A component that follows a thread which changes whenever we say so, and when it is told. */
function followed() {
  const listeners = new Set<() => void>();
  const thread = (_: string) => ({
    subscribe: (listener: () => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    getSnapshot: () => ({}),
  });
  const told: number[] = [];
  const begun = performance.now();
  const stop = boundThread({ thread } as unknown as Client, "thread_1").subscribe(() => void told.push(performance.now() - begun));
  const change = () => listeners.forEach((listener) => listener());
  return { told, stop, change, listeners };
}

test("a thread that changes in every frame is told 30 times a second, and its last state in the end", () => {
  const { told, change } = followed();
  for (let frame = 0; frame < 6; frame++) {
    change();
    vi.advanceTimersByTime(16);
  }
  vi.advanceTimersByTime(1_000);
  expect(told).toEqual([0, 30, 60, 90]);
});

test("what changes after a rest is told at once", () => {
  const { told, change } = followed();
  for (const _ of [1, 2, 3]) {
    change();
    vi.advanceTimersByTime(40);
  }
  expect(told).toEqual([0, 40, 80]);
});

test("whoever has gone is told nothing more", () => {
  const { told, stop, change, listeners } = followed();
  change();
  change();
  stop();
  vi.advanceTimersByTime(1_000);
  expect([told, listeners.size]).toEqual([[0], 0]);
});
