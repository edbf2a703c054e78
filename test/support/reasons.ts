import { Refusal } from '../../src/reasons/index.js';

/** The reason that a call refuses with; null when it does not refuse. Anything but a Refusal is a bug and passes through. */
export const reasonOf = (call: () => unknown): string | null => {
  try {
    call();
  } catch (error) {
    if (error instanceof Refusal) return error.reason;
    throw error;
  }
  return null;
};

export const reasonOfPromise = async (call: () => Promise<unknown>): Promise<string | null> => {
  try {
    await call();
  } catch (error) {
    if (error instanceof Refusal) return error.reason;
    throw error;
  }
  return null;
};
