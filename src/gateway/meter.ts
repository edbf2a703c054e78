import { createHmac } from 'node:crypto';
import { tnOf } from '../identifiers/index.js';
import type { Clock, QuotaOutcome, QuotaStore } from '../ports/index.js';
import { Refusal } from '../reasons/index.js';
import type { Population } from './population.js';
import { bucketFor, epochAt, limitFor, type QuotaEpoch, type QuotaTerms } from './quota.js';
import { ScanDetectors, type ScanKind } from './scan-detectors.js';
import type { MeteringState, Principal, QuotaStanding, ScanAlarm } from './use-cases.js';

export interface MeterParts {
  readonly store: QuotaStore;
  readonly population: Pick<Population, 'of' | 'isWhole'>;
  /** Resolves when the population is whole. @throws Unavailable `store-unavailable` */
  readonly counted: () => Promise<void>;
  readonly terms: () => QuotaTerms;
  readonly pepper: Uint8Array;
  readonly clock: Clock;
  /** Somebody's lookups look like a scan. */
  readonly alarm: (alarm: ScanAlarm) => void;
}

/** A request that asks for more than is left. Nothing of it was counted. */
export class OverQuota extends Refusal {
  readonly standing: QuotaStanding;
  /** Seconds after which the same request may be answered. */
  readonly retryAfter: number;

  constructor(over: 'epoch' | 'burst', standing: QuotaStanding, retryAfter: number) {
    super('over-quota', over === 'epoch' ? 'numbers of this epoch' : 'numbers at once');
    this.standing = standing;
    this.retryAfter = retryAfter;
  }
}

interface Caller {
  readonly epoch: number;
  readonly key: string;
  /** The highest count that was seen: a store that forgets does not begin anew. */
  used: number;
}

export interface Charged {
  readonly standing: QuotaStanding;
  /** For each SII whether it was newly counted. */
  readonly fresh: readonly boolean[];
}

/**
 * Meters lookups by the published formula, in distinct SIIs an epoch (DESIGN section 2, promise 8; docs/adr/0014).
 * Proven by the store: no more than the limit are granted. Not proven: that callers are different people.
 */
export class Meter {
  readonly #parts: MeterParts;
  /** One for each caller; policy names a bounded number of them. */
  readonly #callers = new Map<string, Caller>();
  readonly #detectors = new Map<string, ScanDetectors>();
  readonly #alarms = { 'hit-rate': 0, sequence: 0 };
  #counted = 0;
  #now = 0;

  constructor(parts: MeterParts) {
    this.#parts = parts;
  }

  /**
   * Counts SIIs that are about to be answered, each once, all or none.
   * @throws OverQuota `over-quota`; Unavailable `store-unavailable`: then nothing may be answered
   */
  async charge(client: Principal, siis: readonly string[]): Promise<Charged> {
    const scale = this.#scale(client);
    const { now, epoch, limit, bucket, caller } = scale;
    const distinct = [...new Set(siis)];
    const marks = distinct.map((sii) => this.#markOf(caller, sii));
    const { key } = caller;
    const outcome = await this.#parts.store.charge({ client: key, epoch, marks, limit, bucket, now, floor: caller.used });
    caller.used = Math.max(caller.used, outcome.used);
    const standing = standingOf(scale);
    if (outcome.over !== null && !this.#parts.population.isWhole) {
      // A start is lately over: the limit grows with the mappings, which are not all counted yet. Nothing of this request was.
      await this.#parts.counted();
      return this.charge(client, siis);
    }
    if (outcome.over !== null) throw new OverQuota(outcome.over, standing, secondsOf(outcome, epoch, now));
    const fresh = new Set(distinct.filter((_, at) => outcome.fresh[at]));
    this.#counted += fresh.size;
    // The first of an SII's queries is the one that was counted.
    return { standing, fresh: siis.map((sii) => fresh.delete(sii)) };
  }

  /** @throws Unavailable `store-unavailable` */
  async standing(client: Principal): Promise<QuotaStanding> {
    if (!this.#parts.population.isWhole) await this.#parts.counted();
    const scale = this.#scale(client);
    const used = await this.#parts.store.used(scale.caller.key, scale.epoch);
    scale.caller.used = Math.max(scale.caller.used, used);
    return standingOf(scale);
  }

  /** What a newly counted lookup found. */
  observe(client: Principal, sii: string, isHit: boolean): void {
    let detectors = this.#detectors.get(client.domain);
    if (detectors === undefined) this.#detectors.set(client.domain, (detectors = new ScanDetectors()));
    const tn = tnOf(sii);
    for (const kind of detectors.observe(tn === null ? null : Number(tn), isHit, this.#now)) this.#tell(client.domain, kind);
  }

  get state(): MeteringState {
    const healths = [...this.#detectors.values()].map((detectors) => detectors.health(this.#now));
    return { counted: this.#counted, alarms: { ...this.#alarms }, leastHealth: healths.reduce((least, one) => Math.min(least, one), 1) };
  }

  #tell(client: string, kind: ScanKind): void {
    this.#alarms[kind] += 1;
    this.#parts.alarm({ client, kind });
  }

  #scale(client: Principal): Scale {
    const { clock, terms: termsNow, population } = this.#parts;
    // A clock that steps back must not open an epoch that is over.
    const now = (this.#now = Math.max(this.#now, clock.now()));
    const terms = termsNow();
    const epoch = epochAt(terms, now);
    const mappings = population.of(client.domain, now);
    const limit = limitFor(terms, mappings);
    return { now, terms, epoch, mappings, limit, bucket: bucketFor(terms, limit), caller: this.#caller(client.domain, epoch.start) };
  }

  #caller(domain: string, epoch: number): Caller {
    const known = this.#callers.get(domain);
    if (known?.epoch === epoch) return known;
    // A domain has no zero octet: no two callers and epochs give one text.
    const digest = createHmac('sha256', this.#parts.pepper).update(`quota\0${epoch}\0${domain}`).digest();
    const caller = { epoch, key: digest.toString('hex', 0, 8), used: 0 };
    this.#callers.set(domain, caller);
    return caller;
  }

  /** 52 bits that tell nothing without the pepper, and nothing about another caller, another epoch or a stored mapping with it. */
  #markOf({ epoch, key }: Caller, sii: string): number {
    const digest = createHmac('sha256', this.#parts.pepper).update(`quota\0${epoch}\0${key}\0${sii}`).digest();
    return (digest.readUInt32BE(0) % 2 ** 20) * 2 ** 32 + digest.readUInt32BE(4);
  }
}

interface Scale {
  readonly now: number;
  readonly terms: QuotaTerms;
  readonly epoch: QuotaEpoch;
  readonly mappings: number;
  readonly limit: number;
  readonly bucket: { readonly size: number; readonly drain: number };
  readonly caller: Caller;
}

const standingOf = ({ now, terms, epoch, mappings, limit, bucket, caller: { used } }: Scale): QuotaStanding => ({
  limit,
  used,
  // A limit that fell with the own mappings may lie below what was used.
  remaining: Math.max(0, limit - used),
  epoch,
  reset: Math.max(1, Math.ceil((epoch.end - now) / 1000)),
  mappings,
  terms,
  bucket: bucket.size,
});

const secondsOf = ({ over, wait }: QuotaOutcome, { end }: QuotaEpoch, now: number): number => {
  const untilNext = end - now;
  return Math.max(1, Math.ceil((over === 'burst' ? Math.min(wait, untilNext) : untilNext) / 1000));
};
