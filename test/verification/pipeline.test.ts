import { describe, expect, test } from '@jest/globals';
import { REASONS, isReason } from '../../src/reasons/index.js';
import { PIPELINE, SEQUENCER_STEPS, STEP_NAMES, Verifier } from '../../src/verification/index.js';
import { MISFITS } from '../support/misfits/index.js';
import { caseOf, judge, outcomeOf } from '../support/passport-bench.js';
import { VECTORS } from './vectors.js';

const seen = new Set<string>();

/** Those of the trust profiles; their twins are the matter of the path's own tests. */
const MADE = MISFITS.map((misfit) => [misfit.name, misfit, misfit.make()] as const).filter(([, , line]) => line.profile !== 'rfc5280');

describe('the pipeline', () => {
  test.each(VECTORS.map((vector) => [vector.name, vector.expect, vector] as const))('refuses %s with %s', (_, expected, { make }) => {
    const outcome = outcomeOf(judge(make()));
    seen.add(outcome);
    expect(outcome).toBe(expected);
  });

  test.each(VECTORS.map((vector) => [vector.name, vector] as const))('accepts the twin of %s', (_, { twin }) => {
    expect(outcomeOf(judge(twin()))).toBe('accepted');
  });

  test.each(VECTORS.map((vector) => [vector.name, vector] as const))(
    'says the same of %s with its signature verified in the pool',
    async (_, { make, twin }) => {
      for (const { input, material } of [make(), twin()]) {
        const verifier = new Verifier(material);
        expect(await verifier.verifyInPool(input)).toEqual(verifier.verify(input));
      }
    },
  );

  test.each(MADE)('refuses a path with %s', (_, misfit, line) => {
    const verdict = judge(caseOf({ line, policy: revocationOf(line.revocation) }));
    seen.add(outcomeOf(verdict));
    expect(verdict.reason).toBe(misfit.reason);
  });

  test('has a vector for every reason of every step', () => {
    const all = PIPELINE.flatMap(({ name, refuses }) => refuses.map((reason) => `${name} ${reason}`));
    expect(all.filter((pair) => !seen.has(pair))).toEqual([]);
  });

  test('names every step once, in the agreed order', () => {
    expect([...PIPELINE, ...SEQUENCER_STEPS].map(({ name }) => name)).toEqual([...STEP_NAMES]);
  });

  test('refuses only with reasons that are refusals or say that nothing was decided', () => {
    for (const { refuses } of PIPELINE) {
      for (const reason of refuses) expect(isReason(reason) && ['refused', 'unavailable']).toContain(REASONS[reason].family);
    }
  });

  test('says of an unavailable status that nothing was decided', () => {
    const verdict = judge(caseOf({ rows: [] }));
    expect(verdict).toMatchObject({ accepted: false, family: 'refused', reason: 'spc-unknown' });
    const vector = VECTORS.find(({ expect: expected }) => expected === 'check-authority status-unavailable');
    expect(vector && judge(vector.make())).toMatchObject({ accepted: false, family: 'unavailable', retryAfter: 5 });
  });
});

const revocationOf = (mode: 'off' | 'when-named' | 'required') => ({
  revocation: {
    delegate: mode,
    shaken: mode,
    email: mode,
    'numbering-authority': mode,
    shortLivedHours: 24,
    crlAnchorsServePoints: ['shaken' as const],
    ocspSeconds: 3600,
  },
});
