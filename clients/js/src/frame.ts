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
 * same then as in every frame of a fast screen, and costs a half of it, or a quarter.
 */
export function calmly(sleep: (ms: number) => Promise<void>): Frame {
  const { requestAnimationFrame: frame } = globalThis;
  const painted = () => frame && Promise.race([new Promise(frame), sleep(UNSEEN)]);
  let rest: Promise<unknown> = Promise.resolve();
  return (run) => {
    rest = rest.then(() => {
      run();
      return Promise.all([sleep(REST), painted()]);
    });
  };
}
