/** When a page is told that there is more to render. */

/** Calls a function once, soon. */
export type Frame = (run: () => void) => void;

/** Milliseconds that a page has for itself when it was told. */
const REST = 30;
/** Those without an animation frame after which it counts as one that nobody sees. */
const UNSEEN = 200;

/**
 * At once behind a rest, else when that is over: 30 ms after the last function was done, and once the page has painted
 * what came of it. So it is told at most once for each frame, and at most 33 times a second: text that grows reads the
 * same then as in every frame of a fast screen, and costs a half of it, or a quarter. Always in a task of its own: who
 * awaits a call hears of its failure before a page is told that what it showed for that is gone.
 */
export function calmly(sleep: (ms: number) => Promise<void>): Frame {
  const frame = globalThis.requestAnimationFrame;
  let rest: Promise<unknown> | undefined;
  return (run) => {
    rest = Promise.all([rest, sleep(0)]).then(() => {
      run();
      return Promise.all([sleep(REST), frame && Promise.race([sleep(UNSEEN), new Promise(frame)])]);
    });
  };
}
