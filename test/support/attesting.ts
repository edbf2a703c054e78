import { randomBytes } from 'node:crypto';
import { ApiRefusal } from '../../src/client/index.js';
import type { AttestingDesk, Attestation, Registration } from '../../src/issuance/attestation/index.js';
import { DevelopmentPki, signStatement } from '../../src/issuance/index.js';
import type { Clock } from '../../src/ports/index.js';
import { refuse } from '../../src/reasons/index.js';
import { rejectionOf } from './scripted-gateway.js';

const CREDENTIAL = new DevelopmentPki({ now: () => Date.now(), random: randomBytes }).npCredential('709J');

/** A clock that goes on only when a test says so. */
export class StoppedClock implements Clock {
  ms = Date.now();

  now(): number {
    return this.ms;
  }

  monotonic(): number {
    return this.ms;
  }
}

/** A desk in memory: signs with a real credential, and can be told to fail. */
export class MemoryDesk implements AttestingDesk {
  readonly attested: Registration[] = [];
  failing = false;
  readonly #clock: Clock;
  readonly #numbers: ReadonlySet<string>;

  constructor(clock: Clock, numbers: readonly string[]) {
    this.#clock = clock;
    this.#numbers = new Set(numbers);
  }

  async check(sii: string): Promise<void> {
    if (!this.#numbers.has(sii)) refuse('tn-out-of-scope');
  }

  async attest(registration: Registration): Promise<Attestation> {
    await this.check(registration.sii);
    if (this.failing) return refuse('log-unavailable');
    this.attested.push(registration);
    const now = Math.floor(this.#clock.now() / 1000);
    return { passport: signStatement(registration, CREDENTIAL, now, randomBytes), expires: (now + registration.lifetime) * 1000 };
  }
}

/** The claims of a PASSporT, by another decoder than ours. */
export const claimsIn = (passport: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(passport.split('.')[1] ?? '', 'base64url').toString('utf8')) as Record<string, unknown>;

/** The reason that a server refused with. */
export const reasonOfApi = async (asked: Promise<unknown>): Promise<string> => {
  const error = await rejectionOf(asked);
  if (!(error instanceof ApiRefusal)) throw error;
  return error.reason;
};
