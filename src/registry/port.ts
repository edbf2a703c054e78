import { isFenced } from './admission.js';
import type { PortEvent, Transition, TransitionContext } from './event.js';
import { MOST_AHEAD, MOST_BEHIND, RECEIVERS_PER_SUBJECT } from './limits.js';
import { applied, refused } from './outcome.js';
import { asOf } from './settle.js';
import type { PortHalf, PortTerms, Subject } from './subject.js';

const haveSameTerms = (one: PortTerms, other: PortTerms): boolean =>
  one.from === other.from && one.to === other.to && one.effective === other.effective;

/** In whose name the event speaks; null: nobody's who has a say. The pipeline never lets that through; the registry does not rely on it. */
const partyOf = ({ signer, from, to }: PortEvent): PortHalf['by'] | null => {
  if (signer.kind === 'numbering-authority') return 'authority';
  if (signer.kind !== 'np') return null;
  return signer.spc === from ? 'from' : signer.spc === to ? 'to' : null;
};

/** `from` is of record, so it is one; the numbers that would be `to` are anybody's. */
const isSameParty = (one: PortHalf, other: PortHalf): boolean => one.by === other.by && (one.by !== 'to' || one.to === other.to);

const isLater = (one: PortHalf, other: PortHalf): boolean => one.iat > other.iat || (one.iat === other.iat && one.jti > other.jti);

/** The halves with this one as its party's last. Of would-be receivers the newest are kept: strangers must not fill a subject. */
const withHalf = (halves: readonly PortHalf[], half: PortHalf): readonly PortHalf[] => {
  const others = halves.filter((other) => !isSameParty(other, half));
  const receivers = others.filter(({ by }) => by === 'to');
  const room = half.by === 'to' ? RECEIVERS_PER_SUBJECT - 1 : RECEIVERS_PER_SUBJECT;
  const forgotten = receivers.slice(0, Math.max(0, receivers.length - room));
  return [...others.filter((other) => !forgotten.includes(other)), half];
};

/**
 * DESIGN section 7, port. One NP's word waits for the other's and changes nothing; both, or the numbering authority's, make an agreed port, which takes the
 * place of one that was agreed before and has not come. Halves that were said before an agreement pair with nothing after it.
 */
export const port = (subject: Subject, event: PortEvent, context: TransitionContext): Transition => {
  const now = Math.floor(context.time / 1000);
  const { from, to, effective, iat, jti, pairBy, attestBy } = event;
  if (isFenced(subject, event)) return refused('credential-predates-assignment');
  if (effective < now - MOST_BEHIND || effective > now + MOST_AHEAD) return refused('claim-value', 'effective');
  const by = partyOf(event);
  if (by === null) return refused('action-not-authorised');
  const half: PortHalf = { by, from, to, effective, iat, jti, until: pairBy };
  const last = subject.halves.find((other) => isSameParty(other, half));
  if (last !== undefined && !isLater(half, last)) return refused('superseded');
  if (subject.record !== null && effective <= subject.record.since) return refused('superseded', 'a later port is settled');
  if (subject.port !== null && haveSameTerms(subject.port, half)) return refused('superseded', 'agreed already');
  const pairs = (other: PortHalf): boolean => other.by !== by && other.until > now && haveSameTerms(other, half);
  const isAgreed = by === 'authority' || subject.halves.some(pairs);
  const halves = withHalf(subject.halves, half);
  const next = { ...subject, halves, leafIndex: context.index };
  if (!isAgreed) return applied(next);
  const spent = halves.map((other) => ({ ...other, until: 0 }));
  return applied(asOf({ ...next, halves: spent, port: { from, to, effective, attestBy, pending: [] } }, context.time));
};
