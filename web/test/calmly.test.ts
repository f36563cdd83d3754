import { beforeEach, expect, test, vi } from "vitest";
import { calmly } from "../src/app/calmly";

/** Milliseconds of a screen's frame. */
const FRAME = 16;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "requestAnimationFrame", "cancelAnimationFrame", "performance"] });
  return () => vi.useRealTimers();
});

test("what comes without a pause is rendered in every other frame, and all of it in the end", () => {
  const frame = calmly();
  const rendered: number[] = [];
  const begun = performance.now();
  let waiting = false;
  for (let at = 0; at < 20 * FRAME; at++) {
    if (!waiting) {
      waiting = true;
      frame(() => {
        waiting = false;
        rendered.push(performance.now() - begun);
      });
    }
    vi.advanceTimersByTime(1);
  }
  expect(rendered).toEqual([1, 3, 5, 7, 9, 11, 13, 15, 17, 19].map((n) => n * FRAME));
});

test("what comes after a rest is rendered in the next frame", () => {
  const frame = calmly();
  const rendered: number[] = [];
  const begun = performance.now();
  for (const _ of [1, 2]) {
    frame(() => rendered.push(performance.now() - begun));
    vi.advanceTimersByTime(3 * FRAME);
  }
  expect(rendered).toEqual([FRAME, 4 * FRAME]);
});
