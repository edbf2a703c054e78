import type { Timer } from '../../ports/index.js';

/** The machine's timer. Every other part is handed one. */
export const every: Timer = (ms, task) => {
  let running: Promise<void> = Promise.resolve();
  let ended = false;
  let timer: NodeJS.Timeout | undefined;
  const next = (): void => {
    timer = setTimeout(() => {
      running = task().finally(() => {
        if (!ended) next();
      });
    }, ms);
  };
  next();
  return () => {
    ended = true;
    clearTimeout(timer);
    return running;
  };
};
