/** Says on standard error what was left out and why: a test that did not run must not look like one that passed. */
export const leftOut = (what: string, why: string): void => {
  process.stderr.write(`left out: ${what}: ${why}\n`);
};
