import type { Campaign, Finding } from './campaign.js';

/** What one input may cost, whoever wrote it (CONTRACT section 3; DESIGN section 11). */
export const LIMITS = {
  /** ms of CPU */
  cpu: 250,
  /** Octets that the process may grow by: the largest input is 1 MiB, and what is made of it is a small multiple. */
  memory: 256 * 1024 * 1024,
} as const;

/** Where the machine was busy with something else, a second and third run are cheaper; where the input is dear, they are not. */
const RUNS = 3;

export class TooDear extends Error {
  override readonly name = 'TooDear';
}

const cpuOf = (run: () => void): number => {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
};

/** The least that a run costs; runs again only while it costs too much. */
export const leastCpu = (run: () => void): number => {
  let least = Infinity;
  for (let i = 0; i < RUNS && least > LIMITS.cpu; i += 1) least = Math.min(least, cpuOf(run));
  return least;
};

export interface Watched {
  readonly finding: Finding | null;
  /** ms */
  readonly cpu: number;
}

/** Nothing grows by much in less: the memory is looked at only after what takes longer. */
const QUICK_MS = 5;

/** Tries inputs and holds them to their limits. */
export class Vigil {
  #octets = process.memoryUsage.rss();

  watch(campaign: Campaign, input: Buffer): Watched {
    let finding: Finding | null = null;
    const first = cpuOf(() => (finding = campaign.try(input)));
    if (finding !== null) return { finding, cpu: first };
    const grown = first > QUICK_MS ? this.#growth() : 0;
    const cpu =
      first <= LIMITS.cpu
        ? first
        : Math.min(
            first,
            leastCpu(() => void campaign.target.run(input)),
          );
    const what = grown > LIMITS.memory ? `the process grew by ${String(grown)} octets` : `${cpu.toFixed(0)} ms of CPU`;
    const isTooDear = grown > LIMITS.memory || cpu > LIMITS.cpu;
    return { finding: isTooDear ? { target: campaign.target.name, input, error: new TooDear(what) } : null, cpu };
  }

  #growth(): number {
    const before = this.#octets;
    this.#octets = process.memoryUsage.rss();
    return this.#octets - before;
  }
}
