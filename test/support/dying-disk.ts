import { nodeDisk, type Disk } from '../../src/adapters/desk/index.js';

/** How the process ends at the fatal step: before it (and so after the one before it), or, of a write, with half of the octets stored. */
export const DEATHS = ['before', 'half'] as const;
export type Death = (typeof DEATHS)[number];

/** What a process that has ended throws at whoever still waits for it. */
export class Ended extends Error {}

const halfOf = (octets: Uint8Array): Uint8Array => octets.subarray(0, Math.floor(octets.length / 2));

export interface DyingDisk extends Disk {
  readonly hasEnded: boolean;
  /** Steps so far that change anything. */
  readonly steps: number;
}

/**
 * A disk under which the process ends at its `fatal`-th step that changes anything (1 = the first; 0 = never): nothing that is asked from then on happens.
 * `end` is what ends it; without one it throws `Ended`, as if the process were gone.
 */
export const dyingDisk = (fatal: number, death: Death, end: () => void = () => undefined): DyingDisk => {
  let steps = 0;
  let ended = false;
  const step = <T>(work: () => T, half?: () => void): T => {
    if (ended) throw new Ended();
    steps += 1;
    // What is no write is done whole or not at all.
    if (steps !== fatal || (death === 'half' && half === undefined)) return work();
    if (death === 'half') half?.();
    ended = true;
    end();
    throw new Ended();
  };
  return {
    ...nodeDisk,
    get hasEnded() {
      return ended;
    },
    get steps() {
      return steps;
    },
    makeDirectory: (path) => step(() => nodeDisk.makeDirectory(path)),
    write: (path, octets, mode) =>
      step(
        () => nodeDisk.write(path, octets, mode),
        () => nodeDisk.write(path, halfOf(octets), mode),
      ),
    append: (path, octets) =>
      step(
        () => nodeDisk.append(path, octets),
        () => nodeDisk.append(path, halfOf(octets)),
      ),
    sync: (path) => step(() => nodeDisk.sync(path)),
    truncate: (path, size) => step(() => nodeDisk.truncate(path, size)),
    rename: (from, to) => step(() => nodeDisk.rename(from, to)),
    remove: (path) => step(() => nodeDisk.remove(path)),
    syncDirectory: (path) => step(() => nodeDisk.syncDirectory(path)),
    link: (text, path) => step(() => nodeDisk.link(text, path)),
  };
};
