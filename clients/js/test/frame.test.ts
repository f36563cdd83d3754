/** When a page is told. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { calmly } from "../src/frame.js";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "performance"] }));
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const sleep = (ms: number) => new Promise<void>((done) => void setTimeout(done, ms));

/** When a page is told, in milliseconds, to which so much happens, each time so many milliseconds after the last. */
async function told(changes: number, every: number, rendering = 0): Promise<number[]> {
  const frame = calmly(sleep);
  const begun = performance.now();
  const times: number[] = [];
  let waits = false;
  for (let count = 0; count < changes; count++) {
    if (!waits)
      frame(() => {
        times.push(performance.now() - begun);
        vi.advanceTimersByTime(rendering);
        waits = false;
      });
    waits = true;
    await vi.advanceTimersByTimeAsync(every);
  }
  await vi.advanceTimersByTimeAsync(1_000);
  return times;
}

/** A screen that paints so often; 0 is a page that nobody sees. */
function screen(every: number): void {
  const frames: (() => void)[] = [];
  const paint = () => {
    for (const run of frames.splice(0)) run();
    setTimeout(paint, every);
  };
  vi.stubGlobal("requestAnimationFrame", (run: () => void) => void frames.push(run));
  if (every) setTimeout(paint, every);
}

describe("a page", () => {
  it("is told 33 times a second while a thread grows, and in the end", async () => {
    expect(await told(10, 10)).toEqual([0, 30, 60, 90, 120]);
  });

  it("is told at once of what comes behind a rest", async () => {
    expect(await told(3, 40)).toEqual([0, 40, 80]);
  });

  it("is told behind whoever awaits what has happened", async () => {
    const told: string[] = [];
    calmly(sleep)(() => told.push("page"));
    for (let step = 0; step < 20; step++) await null;
    told.push("caller");
    await vi.advanceTimersByTimeAsync(0);
    expect(told).toEqual(["caller", "page"]);
  });

  it("that takes long to render is left as much rest", async () => {
    expect(await told(2, 5, 100)).toEqual([0, 130]);
  });

  it("that is painted often is told as if it were always", async () => {
    screen(8);
    expect(await told(10, 10)).toEqual([0, 30, 60, 90, 120]);
  });

  it("that is painted seldom is told once for each frame", async () => {
    screen(70);
    expect(await told(20, 10)).toEqual([0, 70, 140, 210]);
  });

  it("that nobody sees is told five times a second", async () => {
    screen(0);
    expect(await told(50, 10)).toEqual([0, 200, 400, 600]);
  });
});
