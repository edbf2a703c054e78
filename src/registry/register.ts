import { objectionTo } from './admission.js';
import type { RegisterEvent, Transition, TransitionContext } from './event.js';
import { MAPPINGS_PER_PROVIDER, MAPPINGS_PER_SUBJECT } from './limits.js';
import { withMark } from './order.js';
import { applied, refused } from './outcome.js';
import { withoutExpired } from './removal.js';
import { emptySubject, userOf, type Mapping, type Subject } from './subject.js';

const placeOf = (mappings: readonly Mapping[], event: RegisterEvent): number =>
  mappings.findIndex(
    (mapping) => mapping.provider === event.provider && mapping.purpose === event.purpose && mapping.circle === event.circle,
  );

const isFull = (mappings: readonly Mapping[], provider: string): boolean =>
  mappings.length >= MAPPINGS_PER_SUBJECT || mappings.filter((mapping) => mapping.provider === provider).length >= MAPPINGS_PER_PROVIDER;

/** Who vouched for the mapping, or the reason why nobody did. The pipeline never lets that through; the registry does not rely on it. */
const voucherOf = (event: RegisterEvent) => {
  const user = userOf(event.provider, event.ssi);
  if (user === null) return 'ap-mismatch';
  const authority = event.signer.spc ?? event.signer.domain;
  if (authority === null) return 'action-not-authorised';
  const fingerprint = event.signer.fingerprints[0];
  if (fingerprint === undefined || fingerprint.length < 16) return 'untrusted-chain';
  return { user, authority, credential: Buffer.from(fingerprint.subarray(0, 16)).toString('hex') };
};

const withMapping = (mappings: readonly Mapping[], place: number, mapping: Mapping): readonly Mapping[] =>
  place < 0 ? [...mappings, mapping] : mappings.with(place, mapping);

/**
 * DESIGN section 7, register: upsert under (provider, purpose, circle); another provider's mapping and the default stay as they are.
 * A refresh keeps `firstIndex`, whatever SSI or kind it brings.
 */
export const register = (before: Subject | null, event: RegisterEvent, context: TransitionContext): Transition => {
  const subject = withoutExpired(before ?? emptySubject(context.keySlot), context.time);
  const objection = objectionTo(subject, event);
  if (objection !== null) return refused(objection);
  const voucher = voucherOf(event);
  if (typeof voucher === 'string') return refused(voucher);
  const place = placeOf(subject.mappings, event);
  if (place < 0 && isFull(subject.mappings, event.provider)) return refused('mapping-limit');
  const { provider, iat, jti, purpose, kind, circle } = event;
  const order = withMark(subject, { provider, iat, jti }, context.time);
  if (order === null) return refused('mapping-limit', 'too many providers came and went lately');
  const mapping: Mapping = {
    provider,
    ...voucher,
    purpose,
    kind,
    circle,
    firstIndex: subject.mappings[place]?.firstIndex ?? context.index,
    leafIndex: context.index,
    expires: Math.floor(context.time / 1000) + context.mappingLifetime,
    attest: false,
  };
  const mappings = withMapping(subject.mappings, place, mapping);
  return applied({ ...subject, mappings, order, quarantined: false, leafIndex: context.index });
};
