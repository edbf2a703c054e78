import { describe, expect, test } from '@jest/globals';
import { Campaign, type Finding } from '../fuzz/campaign.js';
import type { Target } from '../fuzz/target.js';
import { GROUPS } from '../fuzz/targets/index.js';

/** The same mutants in every run of the suite; `npm run fuzz` takes other seeds. */
const SEED = 20_261_124;

/** What `npm run fuzz -- --replay` runs again, once it is in a file. */
const told = ({ input, error }: Finding): string =>
  `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\ninput in base64: ${input.toString('base64')}`;

const run = (target: Target): Campaign => {
  const campaign = new Campaign(target, SEED);
  for (let i = 0; i < target.share; i += 1) {
    const finding = campaign.try(campaign.next());
    if (finding !== null) throw new Error(told(finding));
  }
  return campaign;
};

/** Gives every entrance of a group its share of mutated inputs: none may break it, and some must get past it. */
export const describeGroup = (group: string): void => {
  describe(`mutated ${group}`, () => {
    test.each((GROUPS[group] ?? []).map((target) => ({ name: target.name, share: target.share, target })))(
      '$name: $share inputs break nothing',
      ({ target }) => {
        const { inputs, kept, outcomes } = run(target);
        const accepted = outcomes.get('accepted') ?? 0;
        expect(inputs).toBe(target.share);
        expect(accepted).toBeGreaterThan(0);
        expect(inputs - accepted).toBeGreaterThan(0);
        expect(kept).toBeGreaterThan(2);
      },
    );
  });
};
