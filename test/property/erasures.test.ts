import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { IssuedCredential } from '../../src/issuance/index.js';
import { NP1, delegateFor, makePlace, registration, release, sharedNumber, withdrawal, type Place } from '../support/open-gateway.js';
import { SweptGateway } from '../support/swept-gateway.js';

const OPERATOR = { domain: 'operator.example', kind: 'operator', class: null, spc: null } as const;
const numbers = [1, 2, 3].map(sharedNumber);

type Step =
  | { readonly does: 'register' | 'withdraw' | 'release' | 'erase'; readonly n: number }
  | { readonly does: 'snapshot' | 'restart' | 'replay' };

const about = fc.record({ does: fc.constantFrom('register', 'register', 'withdraw', 'release', 'erase', 'erase'), n: fc.nat(2) });
const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: about },
    { weight: 1, arbitrary: fc.record({ does: fc.constantFrom('snapshot', 'restart', 'replay') }) },
  ),
  { minLength: 6, maxLength: 16 },
) as fc.Arbitrary<Step[]>;

let base: Place;

beforeAll(async () => {
  base = await makePlace();
});

/** A history on a data directory of its own, beside what it must come to: which numbers resolve. */
class History {
  readonly #swept: SweptGateway;
  readonly #place: Place;
  readonly #credentials = new Map<number, IssuedCredential>();
  readonly mapped = new Set<number>();
  /** Every PASSporT of a number that was presented before it was last erased. */
  readonly old = new Map<number, string[]>();
  readonly #presented = new Map<number, string[]>();

  constructor(place: Place, swept: SweptGateway) {
    this.#place = place;
    this.#swept = swept;
  }

  async take(step: Step): Promise<void> {
    this.#place.clock.advance(2);
    if ('n' in step) await this.#act(step.does, step.n);
    else if (step.does === 'snapshot') await this.#swept.gateway.snapshot();
    else await this.#restart(step.does === 'replay');
  }

  async #act(does: 'register' | 'withdraw' | 'release' | 'erase', n: number): Promise<void> {
    const tn = numbers[n] as string;
    if (does === 'erase') {
      await this.#swept.gateway.erase({ sii: `tel:+${tn}`, case: 'GDPR 17' }, OPERATOR);
      this.mapped.delete(n);
      this.old.set(n, [...(this.old.get(n) ?? []), ...(this.#presented.get(n) ?? [])]);
      return;
    }
    const credential = this.#credentials.get(n) ?? delegateFor(this.#place, 'a.example', tn);
    this.#credentials.set(n, credential);
    if (does === 'release') {
      await this.#swept.submit(release(this.#place, tn), NP1);
      this.mapped.delete(n);
      // Whoever has it next has a credential of its own.
      this.#credentials.delete(n);
      return;
    }
    const passport = does === 'register' ? registration(this.#place, tn, { credential }) : withdrawal(this.#place, tn, credential);
    this.#presented.set(n, [...(this.#presented.get(n) ?? []), passport]);
    expect((await this.#swept.submit(passport)).outcome).toBe('accepted');
    if (does === 'register') this.mapped.add(n);
    else this.mapped.delete(n);
  }

  async #restart(fromLogAlone: boolean): Promise<void> {
    if (fromLogAlone) await rm(join(this.#place.dataDir, 'snapshot'), { recursive: true, force: true });
    const told = await this.#swept.packed();
    await this.#swept.restart();
    expect(await this.#swept.packed()).toEqual(told);
  }

  async check(): Promise<void> {
    const resolved = async (): Promise<number[]> => {
      const found = await Promise.all(numbers.map((tn) => this.#swept.resolved(tn)));
      return found.flatMap((providers, n) => (providers.length > 0 ? [n] : []));
    };
    const expected = [...this.mapped].toSorted((a, b) => a - b);
    expect(await resolved()).toEqual(expected);
    await this.#swept.expectWhole();
    await this.#restart(true);
    for (const passport of [...this.old.values()].flat()) await this.#swept.submit(passport);
    expect(await resolved()).toEqual(expected);
    await this.#swept.expectWhole();
  }
}

describe('any history with erasures', () => {
  test('is the fold of its log, through restarts with and without snapshots, and nothing erased comes back', async () => {
    const property = fc.asyncProperty(steps, async (history) => {
      const place = { ...base, dataDir: join(await mkdtemp(join(tmpdir(), 'signpost-history-')), 'data') };
      const swept = await SweptGateway.open(place);
      try {
        const run = new History(place, swept);
        for (const step of history) await run.take(step);
        await run.check();
      } finally {
        await swept.close();
        await rm(dirname(place.dataDir), { recursive: true, force: true });
      }
    });
    await fc.assert(property, { numRuns: 12, endOnFailure: true });
  }, 300_000);
});
