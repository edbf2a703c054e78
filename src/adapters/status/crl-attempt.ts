import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../ports/index.js';
import { Refusal } from '../../reasons/index.js';
import { findCrlSigner, parseCrlInSlices, type Certificate, type Crl, type Vouchers } from '../../x509/index.js';
import { failureCode, type Fetcher } from './fetching.js';
import { STATUS_LIMITS } from './limits.js';
import { outcomeBefore, type CrlOutcome } from './outcome.js';
import type { LastGood, Place } from './place.js';
import { fetchSignerChains } from './signer-chains.js';

export interface AttemptParts {
  readonly fetcher: Fetcher;
  readonly clock: Clock;
  /** Who vouches for the signers of CRLs under the trust in force. */
  readonly vouchers: () => Pick<Vouchers, 'trusted' | 'anchors' | 'rules'>;
}

export interface AttemptInput {
  readonly place: Place;
  /** The judged CAs of a path that named the place, from the end-entity's issuer up. */
  readonly issuers: readonly Certificate[];
  readonly isHostAllowed: (host: string) => boolean;
  /** Octets that the CRL may have beside all others. */
  readonly room: number;
  readonly signal: AbortSignal;
}

export interface Attempt {
  readonly outcome: CrlOutcome;
  /** What to do, or the stable code of what failed. */
  readonly detail: string | null;
  /** To be kept from now on, where the outcome is `new`. */
  readonly found: LastGood | null;
}

const ADVICE: Partial<Record<CrlOutcome, string>> = {
  rollback: 'an older CRL than the one kept was offered: the one kept stays; ask its issuer',
  ambiguous: 'another CRL of the same number and time was offered: the one kept stays; ask its issuer',
  'other-scope': 'a CRL about something else was offered: the one kept stays; ask its issuer',
  'signer-unknown': 'nobody known signed it: name its signer under crlSigners, or its root under crlAnchors, in trust.yaml',
};

const without = (outcome: CrlOutcome, detail: string | null = ADVICE[outcome] ?? null): Attempt => ({ outcome, detail, found: null });

const pause = (): Promise<void> => nextTurn();

/** Fetches the CRL behind a place and holds it against the one kept there. Changes nothing. @throws what is neither the host's fault nor the CRL's */
export const attemptCrl = async (input: AttemptInput, parts: AttemptParts): Promise<Attempt> => {
  const { place, signal, room } = input;
  let crl: Crl;
  try {
    const options = { maxOctets: STATUS_LIMITS.maxCrlOctets, timeoutMs: STATUS_LIMITS.crlMs, signal };
    crl = await parseCrlInSlices((await parts.fetcher.fetch(place.url, options)).octets, pause);
  } catch (error) {
    const code = failureCode(error);
    if (code === null && !(error instanceof Refusal)) throw error;
    return code === null ? without('malformed') : without('not-fetched', code);
  }
  const now = parts.clock.now();
  const outcome = outcomeBefore(crl, place.kept?.crl ?? null, Math.floor(now / 1000));
  if (outcome !== null) return without(outcome, outcome === 'unusable' ? crl.unusable : ADVICE[outcome]);
  if (crl.der.length > room) return without('no-room');
  const signers = await signersOf(crl, now, input, parts);
  return signers === null ? without('signer-unknown') : { outcome: 'new', detail: null, found: { crl, signers, fetchedAt: now } };
};

/** The path of who signed it, empty where that one is trusted without; null: nobody that is vouched for. */
const signersOf = async (crl: Crl, at: number, input: AttemptInput, parts: AttemptParts): Promise<readonly Certificate[] | null> => {
  const { place, issuers, isHostAllowed, signal } = input;
  const vouchers = parts.vouchers();
  const given = [place.kept?.signers ?? [], ...issuers.map((_, i) => issuers.slice(i))].filter((chain) => chain.length > 0);
  const found = await findCrlSigner(crl, { ...vouchers, at, chains: given }, pause);
  if (found !== null) return found.chain;
  const chains = await fetchSignerChains(crl, { fetcher: parts.fetcher, isAllowed: isHostAllowed, signal });
  return (await findCrlSigner(crl, { ...vouchers, at, trusted: [], chains }, pause))?.chain ?? null;
};
