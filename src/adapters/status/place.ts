import type { Certificate, Crl } from '../../x509/index.js';
import type { CrlOutcome } from './outcome.js';

/** The last good CRL of a place, with the certificates that came with it, the signer first. */
export interface LastGood {
  readonly crl: Crl;
  readonly signers: readonly Certificate[];
  /** ms since 1970. */
  readonly fetchedAt: number;
}

/** One URL behind which a CRL is, and what is known of it. */
export class Place {
  readonly url: string;
  readonly host: string;
  /** ms between two fetches that succeed. */
  intervalMs: number;
  /** Named in trust.yaml, not learned from a certificate. */
  isConfigured = false;
  kept: LastGood | null = null;
  outcome: CrlOutcome | null = null;
  /** What to do about it, or the stable code of what failed. */
  detail: string | null = null;
  failures = 0;
  /** ms since 1970: not fetched before. */
  nextAt = 0;
  flight: Promise<CrlOutcome> | null = null;
  /** ms since 1970: when it was learned, or its CRL was last looked into. */
  neededAt = 0;
  #asked = 0;
  /** What is kept is not on the disk. */
  isUnsaved = false;

  constructor(url: string, host: string, intervalMs: number) {
    this.url = url;
    this.host = host;
    this.intervalMs = intervalMs;
  }

  /** Octets of the CRL kept. */
  get octets(): number {
    return this.kept?.crl.der.length ?? 0;
  }

  /** Verdicts and stored mappings that need its CRL look into it: that is how it is known to be needed. `now` in ms since 1970. */
  noteNeed(now: number): void {
    const asked = this.kept?.crl.asked ?? 0;
    if (asked !== this.#asked) this.neededAt = now;
    this.#asked = asked;
  }

  /** Whether the CRL kept may decide at this moment, in ms since 1970. */
  isGoodAt(now: number): boolean {
    const until = this.kept?.crl.nextUpdate ?? null;
    return until !== null && now < until * 1000;
  }
}
