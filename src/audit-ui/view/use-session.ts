import { useLayoutEffect, useReducer } from 'preact/hooks';
import type { Session } from '../reading/session.js';

/** Draws again whenever the session tells of something. */
export const useSession = (session: Session): void => {
  const [, draw] = useReducer((count: number) => count + 1, 0);
  // Before anything can be told: effects proper wait for a paint.
  useLayoutEffect(() => session.onChange(() => draw(undefined)), [session]);
};
