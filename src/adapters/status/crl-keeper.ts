import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CrlArchive, CrlsState, RandomSource } from '../../ports/index.js';
import { Refusal, Unavailable } from '../../reasons/index.js';
import { findCrlSigner, parseCertificate, parseCrlInSlices, type Certificate, type Crl } from '../../x509/index.js';
import { attemptCrl, type Attempt, type AttemptParts } from './crl-attempt.js';
import { hostOf } from './fetching.js';
import { STATUS_LIMITS } from './limits.js';
import { isAlarming, isGood, type CrlOutcome } from './outcome.js';
import { Place, type LastGood } from './place.js';
import { hostStatesOf, remarksOf } from './place-states.js';
import { Places } from './places.js';
import { untilNext, untilRetry } from './schedule.js';

/** What policy says of CRLs to be fetched. */
export interface CrlPolicy {
  readonly crlSources: ReadonlyArray<{ readonly url: string; readonly everyMinutes: number }>;
  readonly crlHosts: readonly string[];
}

/** Something that operators should hear of. Carries a host, never what a certificate wrote behind it. */
export interface CrlReport {
  readonly host: string;
  readonly outcome: CrlOutcome | 'not-saved' | 'damaged';
  /** What to do, or the stable code of what failed. */
  readonly detail: string | null;
  readonly isAlarming: boolean;
}

export interface CrlKeeperParts extends AttemptParts {
  readonly archive: CrlArchive;
  readonly random: RandomSource;
  /** Puts the CRLs in force; resolves when verdicts are made under them. */
  readonly changed: () => Promise<void>;
  readonly report: (report: CrlReport) => void;
}

/**
 * Fetches the CRLs that policy and certificates name, and keeps the last good one of each place: it is replaced only by one that is in force, later by
 * number and time, and signed by somebody who is vouched for. What is kept outlives restarts. Nothing here decides about a certificate.
 */
export class CrlKeeper {
  readonly #parts: CrlKeeperParts;
  readonly #places = new Places();
  readonly #counts = new Map<CrlOutcome, number>();
  readonly #end = new AbortController();
  #policy: CrlPolicy = { crlSources: [], crlHosts: [] };
  #hosts: ReadonlySet<string> = new Set();
  #revision = 0;
  #change: Promise<void> | null = null;
  #removals: Promise<void> = Promise.resolve();

  private constructor(parts: CrlKeeperParts) {
    this.#parts = parts;
  }

  /** With what is kept on the disk. Fetches nothing yet. @throws Unavailable when the archive cannot be read */
  static async open(parts: CrlKeeperParts, policy: CrlPolicy): Promise<CrlKeeper> {
    const keeper = new CrlKeeper(parts);
    await keeper.#load();
    keeper.configure(policy);
    keeper.#trim();
    return keeper;
  }

  /** Takes another policy. What it no longer allows is kept for the day it does again: that its CRL never goes back holds beyond that. */
  configure(policy: CrlPolicy): void {
    this.#policy = policy;
    this.#hosts = new Set([...policy.crlHosts, ...policy.crlSources.map(({ url }) => hostOf(url) ?? '')]);
    for (const { url, everyMinutes } of policy.crlSources) {
      const place = this.#places.get(url) ?? this.#add(url, true);
      place.intervalMs = everyMinutes * 60_000;
    }
    const sources = new Set(policy.crlSources.map(({ url }) => url));
    for (const place of this.#places.all) {
      place.isConfigured = sources.has(place.url);
      if (!place.isConfigured) place.intervalMs = STATUS_LIMITS.learnedMs;
    }
  }

  /** For metrics: by host, nothing of what certificates wrote behind it. */
  state(): CrlsState {
    return { hosts: hostStatesOf(this.places), fetches: Object.fromEntries(this.#counts) };
  }

  /** What operators should mend though every promise is kept, in words. */
  remarks(): string[] {
    return remarksOf(this.places);
  }

  /** Counts every change of what is kept. */
  get revision(): number {
    return this.#revision;
  }

  /** How often each outcome came about since the start. */
  get counts(): ReadonlyMap<CrlOutcome, number> {
    return this.#counts;
  }

  /** The places that policy allows now. */
  get places(): readonly Place[] {
    return this.#allowedBy(this.#policy);
  }

  /** The CRLs that verdicts may rest on under a policy, and DER of the certificates that came with them. */
  material(policy: CrlPolicy = this.#policy): { readonly crls: readonly Crl[]; readonly crlSigners: readonly Uint8Array[] } {
    const kept = this.#allowedBy(policy).flatMap((place) => (place.kept === null ? [] : [place.kept]));
    const signers = new Map(kept.flatMap(({ signers: all }) => all.map((signer) => [signer.fingerprint.toString('hex'), signer.der])));
    return { crls: kept.map(({ crl }) => crl), crlSigners: [...signers.values()] };
  }

  /** Begins to fetch what is due; resolves when that is done. Never rejects for what a host does. */
  async turn(): Promise<void> {
    const now = this.#parts.clock.now();
    for (const place of this.#places.all) {
      place.noteNeed(now);
      if (isForgettable(place, now)) this.#places.delete(place);
    }
    const begun: Promise<CrlOutcome>[] = [];
    for (const place of this.places) if (place.nextAt <= now && this.#mayFly(place.host)) begun.push(this.#fly(place, []));
    await Promise.all(begun);
  }

  /** Whether policy lets this URL be fetched, and no CRL that is in force is kept from there. */
  isWanted(url: string): boolean {
    const host = hostOf(url);
    if (host === null || !url.startsWith('https://') || !this.#hosts.has(host)) return false;
    return this.#places.get(url)?.isGoodAt(this.#parts.clock.now()) !== true;
  }

  /**
   * Fetches one such URL; null where it must wait: it failed just now, too much is going on, or `mayBegin` says no. `issuers`: the judged CAs of a path
   * that names it. What goes for its CRL is unavailable from then on, until it is learned again.
   */
  learn(url: string, issuers: readonly Certificate[], mayBegin: () => boolean): Promise<CrlOutcome> | null {
    const known = this.#places.get(url);
    if (known !== null && known.flight !== null) return known.flight;
    // Of a CRL that nobody known had signed, the next path may bring the signer.
    const now = this.#parts.clock.now();
    const isWaiting = known !== null && known.nextAt > now && known.outcome !== 'signer-unknown';
    if (isWaiting || !this.#mayFly(hostOf(url) ?? '') || !mayBegin()) return null;
    const place = known ?? this.#add(url);
    place.neededAt = now;
    return this.#fly(place, issuers);
  }

  /** Ends what is going on; resolves when nothing is. */
  async close(): Promise<void> {
    this.#end.abort();
    await Promise.allSettled(this.#places.all.map(({ flight }) => flight).filter((flight) => flight !== null));
    await this.#removals;
  }

  #allowedBy({ crlSources, crlHosts }: CrlPolicy): Place[] {
    const sources = new Set(crlSources.map(({ url }) => url));
    return this.#places.all.filter(({ url, host }) => sources.has(url) || crlHosts.includes(host));
  }

  #add(url: string, isConfigured = false): Place {
    const place = new Place(url, hostOf(url) ?? '', STATUS_LIMITS.learnedMs);
    place.isConfigured = isConfigured;
    this.#places.add(place);
    return place;
  }

  /** A host's first flight waits for nobody: slow hosts take what others might have besides, never what they need. */
  #mayFly(host: string): boolean {
    const flying = this.#places.all.filter(({ flight }) => flight !== null);
    const ofHost = flying.filter((place) => place.host === host).length;
    const isWithin = ofHost === 0 || (ofHost < STATUS_LIMITS.maxFlightsOfHost && flying.length < STATUS_LIMITS.maxFlights);
    return isWithin && !this.#end.signal.aborted;
  }

  #fly(place: Place, issuers: readonly Certificate[]): Promise<CrlOutcome> {
    place.flight = this.#fetch(place, issuers).finally(() => {
      place.flight = null;
    });
    return place.flight;
  }

  async #fetch(place: Place, issuers: readonly Certificate[]): Promise<CrlOutcome> {
    const isHostAllowed = (host: string): boolean => this.#hosts.has(host);
    const input = { place, issuers, isHostAllowed, room: this.#places.mostOctetsFor(place), signal: this.#end.signal };
    const { outcome, detail, found } = this.#fitting(place, await attemptCrl(input, this.#parts));
    place.outcome = outcome;
    place.detail = detail;
    this.#counts.set(outcome, (this.#counts.get(outcome) ?? 0) + 1);
    if (outcome !== 'unchanged') this.#parts.report({ host: place.host, outcome, detail, isAlarming: isAlarming(outcome) });
    if (found !== null) {
      place.kept = found;
      place.isUnsaved = true;
      this.#revision += 1;
    }
    this.#plan(place, outcome);
    await this.#save(place);
    if (found !== null) await this.#announce();
    return outcome;
  }

  #fitting(place: Place, attempt: Attempt): Attempt {
    if (attempt.found === null || this.#keep(place, attempt.found.crl.der.length)) return attempt;
    return { outcome: 'no-room', detail: null, found: null };
  }

  /** Makes room for a CRL behind the place; what goes is forgotten on the disk too. False: there is none. */
  #keep(place: Place, octets: number): boolean {
    for (const other of this.#places.all) other.noteNeed(this.#parts.clock.now());
    const gone = this.#places.makeRoom(place, octets);
    for (const { url } of gone ?? []) this.#removals = this.#removals.then(() => this.#remove(url));
    return gone !== null;
  }

  /** What is on the disk may be more than is kept. */
  #trim(): void {
    const youngestFirst = this.#places.all.filter(({ kept }) => kept !== null).sort((a, b) => b.neededAt - a.neededAt);
    for (const place of youngestFirst) if (this.#places.get(place.url) === place) this.#keep(place, place.octets);
  }

  async #remove(url: string): Promise<void> {
    try {
      await this.#parts.archive.remove(url);
    } catch (error) {
      // It comes back at a restart, which is no harm.
      if (!(error instanceof Unavailable)) throw error;
    }
  }

  #plan(place: Place, outcome: CrlOutcome): void {
    const { clock, random } = this.#parts;
    const now = clock.now();
    place.failures = isGood(outcome) ? 0 : place.failures + 1;
    const left = (place.kept?.crl.nextUpdate ?? 0) * 1000 - now;
    place.nextAt = now + (isGood(outcome) ? untilNext(place.intervalMs, left, random) : untilRetry(place.failures, random));
  }

  /** A CRL that cannot be saved is used all the same: what it revokes is revoked. Until it is saved, a restart would begin with the one before. */
  async #save(place: Place): Promise<void> {
    const { kept } = place;
    if (kept === null || !place.isUnsaved) return;
    try {
      // What was forgotten a moment ago and is learned again must not be removed after it was saved.
      await this.#removals;
      const { crl, signers, fetchedAt } = kept;
      await this.#parts.archive.save({ url: place.url, crl: crl.der, signers: signers.map(({ der }) => der), fetchedAt });
      place.isUnsaved = false;
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      place.nextAt = Math.min(place.nextAt, this.#parts.clock.now() + STATUS_LIMITS.firstRetryMs);
      this.#parts.report({ host: place.host, outcome: 'not-saved', detail: error.message, isAlarming: true });
    }
  }

  /** Changes that come together are put in force together. */
  #announce(): Promise<void> {
    this.#change ??= nextTurn().then(() => {
      this.#change = null;
      return this.#parts.changed();
    });
    return this.#change;
  }

  async #load(): Promise<void> {
    const { archive, report, clock, vouchers } = this.#parts;
    const { kept, damaged } = await archive.load();
    for (const detail of damaged) report({ host: '', outcome: 'damaged', detail, isAlarming: true });
    for (const { url, crl, signers, fetchedAt } of kept) {
      const parsed = await parseOrNull(crl, signers);
      if (parsed === null) continue;
      // It was verified before it was saved; now its key is found once more, piece by piece, so that the first verdict need not.
      await findCrlSigner(parsed.crl, { ...vouchers(), at: clock.now(), chains: [parsed.signers] }, () => nextTurn());
      const place = this.#add(url);
      place.kept = { ...parsed, fetchedAt };
      place.neededAt = fetchedAt;
    }
  }
}

/** A place that a certificate named, that never had a good CRL, and that may be asked again: nothing would be lost. */
const isForgettable = ({ isConfigured, kept, nextAt, flight }: Place, now: number): boolean =>
  !isConfigured && kept === null && flight === null && nextAt <= now;

/** What an older version has kept, and this one cannot read, is fetched again. */
const parseOrNull = async (crl: Uint8Array, signers: readonly Uint8Array[]): Promise<Omit<LastGood, 'fetchedAt'> | null> => {
  try {
    return { crl: await parseCrlInSlices(crl, () => nextTurn()), signers: signers.map((der) => parseCertificate(der)) };
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
};
