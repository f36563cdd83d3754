/** When the page renders what has come. */

import { nextFrame } from "livethread/store";

/** Milliseconds: on a screen with 60 frames a second, every other one is left out. */
const REST = 30;

/**
 * What calls a function in the next frame, but not sooner than `REST` behind the last one: text that grows reads the same
 * at 30 frames a second, and costs a half of 60 and a quarter of 120. What comes behind a rest is not held up.
 */
export function calmly(): (run: () => void) => void {
  let last = -Infinity;
  return (run) => {
    const render = () => {
      last = performance.now();
      run();
    };
    const rest = last + REST - performance.now();
    if (rest > 0) setTimeout(() => nextFrame(render), rest);
    else nextFrame(render);
  };
}
