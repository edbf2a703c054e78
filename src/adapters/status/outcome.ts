import { successionOf, type Crl } from '../../x509/index.js';

/**
 * What came of fetching a CRL. `new` and `unchanged` are good. not-fetched: the host, its address, the connection or the answer. malformed: no CRL.
 * unusable: one that may decide nothing. not-in-force: run out, or not begun. rollback, ambiguous: not later than the one kept. other-scope: about
 * something else than the one kept, which still holds. signer-unknown: nobody that is vouched for signed it. no-room: the budget of all CRLs is spent.
 */
export const CRL_OUTCOMES = [
  'new',
  'unchanged',
  'not-fetched',
  'malformed',
  'unusable',
  'not-in-force',
  'rollback',
  'ambiguous',
  'other-scope',
  'signer-unknown',
  'no-room',
] as const;
export type CrlOutcome = (typeof CRL_OUTCOMES)[number];

export const isGood = (outcome: CrlOutcome): boolean => outcome === 'new' || outcome === 'unchanged';

/** What operators must hear of at once: somebody may be hiding a revocation. */
export const isAlarming = (outcome: CrlOutcome): boolean => outcome === 'rollback' || outcome === 'ambiguous' || outcome === 'other-scope';

/** Why a CRL may not take the place of the one kept; null when it may, if its signature holds. `second` in seconds since 1970. */
export const outcomeBefore = (crl: Crl, kept: Crl | null, second: number): CrlOutcome | null => {
  if (crl.unusable !== null || crl.isDelta || crl.nextUpdate === null) return 'unusable';
  const succession = kept === null ? 'later' : successionOf(crl, kept);
  if (succession === 'same') return 'unchanged';
  if (succession === 'rollback' || succession === 'ambiguous') return succession;
  // What has run out decides nothing any more, so whatever comes next can only be better.
  if (succession === 'other-scope' && kept?.nextUpdate !== null && second < (kept?.nextUpdate ?? 0)) return 'other-scope';
  return crl.thisUpdate > second || second >= crl.nextUpdate ? 'not-in-force' : null;
};
