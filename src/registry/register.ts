import { objectionTo } from './admission.js';
import type { RegisterEvent, Transition, TransitionContext } from './event.js';
import { MAPPINGS_PER_PROVIDER, MAPPINGS_PER_SUBJECT } from './limits.js';
import { withMark } from './order.js';
import { applied, refused } from './outcome.js';
import { isSamePlace, withMapping } from './settle.js';
import { everyMapping, userOf, type Mapping, type Subject } from './subject.js';

/** Whether there is no place for the event. A pending mapping and the one that it will take the place of have one place between them. */
const isFull = (subject: Subject, event: RegisterEvent): boolean => {
  const all = everyMapping(subject);
  if (all.some((mapping) => isSamePlace(mapping, event))) return false;
  const places = all.filter((mapping, index) => all.findIndex((other) => isSamePlace(other, mapping)) === index);
  const own = places.filter((mapping) => mapping.provider === event.provider);
  return places.length >= MAPPINGS_PER_SUBJECT || own.length >= MAPPINGS_PER_PROVIDER;
};

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

/** Judged under an agreed port, it is pending until that is settled. `hasMoved` has seen that the port is there. */
const withRegistration = (subject: Subject, event: RegisterEvent, mapping: Mapping): Subject => {
  const { port } = subject;
  if (event.judgedUnder.underPort === null || port === null)
    return { ...subject, mappings: withMapping(subject.mappings, mapping), quarantined: false };
  return { ...subject, port: { ...port, pending: withMapping(port.pending, mapping) } };
};

/**
 * DESIGN section 7, register: upsert under (provider, purpose, circle); another provider's mapping and the default stay as they are.
 * A refresh keeps `firstIndex`, whatever SSI or kind it brings. Under an agreed port a register of `to` waits, unread, for the port.
 */
export const register = (subject: Subject, event: RegisterEvent, context: TransitionContext): Transition => {
  const objection = objectionTo(subject, event);
  if (objection !== null) return refused(objection);
  const voucher = voucherOf(event);
  if (typeof voucher === 'string') return refused(voucher);
  if (isFull(subject, event)) return refused('mapping-limit');
  const { provider, iat, jti, purpose, kind, circle, operator } = event;
  const order = withMark(subject, { provider, iat, jti }, context.time);
  if (order === null) return refused('mapping-limit', 'too many providers came and went lately');
  const mapping: Mapping = {
    provider,
    ...voucher,
    purpose,
    kind,
    circle,
    firstIndex: context.index,
    leafIndex: context.index,
    expires: Math.floor(context.time / 1000) + context.mappingLifetime,
    attest: false,
    operator,
  };
  return applied({ ...withRegistration(subject, event, mapping), order, leafIndex: context.index });
};
