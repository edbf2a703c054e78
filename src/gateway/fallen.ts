import type { InvalidatedMappings } from './use-cases.js';

/** What fell between two counts of the same process, each of which is since its start. */
export const fallenSince = (before: readonly InvalidatedMappings[], now: readonly InvalidatedMappings[]): readonly InvalidatedMappings[] =>
  now.flatMap(({ effect, reason, count }) => {
    const told = before.find((one) => one.effect === effect && one.reason === reason)?.count ?? 0;
    return count === told ? [] : [{ effect, reason, count: count - told }];
  });
