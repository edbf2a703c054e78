/** Runs the task again and again, `ms` after it has ended, never twice at once. The returned function ends it and waits for the last run. */
export const every = (ms: number, task: () => Promise<void>): (() => Promise<void>) => {
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
