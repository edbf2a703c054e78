import { preferenceAmong, withoutExpired } from './removal.js';
import type { AgreedPort, Mapping, Subject } from './subject.js';

/** Whether the two stand in one place: a later registration there takes the place of an earlier one. */
export const isSamePlace = (one: Pick<Mapping, 'provider' | 'purpose' | 'circle'>, other: typeof one): boolean =>
  one.provider === other.provider && one.purpose === other.purpose && one.circle === other.circle;

/** The mappings with this one in its place, as old as what stood there: a refresh does not move the default. */
export const withMapping = (mappings: readonly Mapping[], mapping: Mapping): readonly Mapping[] => {
  const place = mappings.findIndex((other) => isSamePlace(other, mapping));
  const [replaced] = place < 0 ? [] : [mappings[place]];
  return replaced === undefined ? [...mappings, mapping] : mappings.with(place, { ...mapping, firstIndex: replaced.firstIndex });
};

const settled = (subject: Subject, { from, to, effective, attestBy, pending }: AgreedPort): Subject => {
  const kept = subject.mappings
    .filter((mapping) => mapping.operator !== from)
    .map((mapping) => ({ ...mapping, attest: true, expires: Math.min(mapping.expires, attestBy) }));
  const mappings = pending.reduce(withMapping, kept as readonly Mapping[]);
  const fence = Math.max(subject.fence, effective);
  return {
    ...subject,
    mappings,
    preference: preferenceAmong(subject.preference, mappings),
    fence,
    quarantined: subject.quarantined && pending.length === 0,
    record: { spc: to, since: effective },
    port: null,
    halves: subject.halves.filter(({ iat }) => iat > fence),
  };
};

/**
 * DESIGN section 7, port, as of `time`, ms: an agreed port whose `effective` has come is carried out, all of it at once, on what was there at `effective`.
 * The very same object where there is none.
 */
export const settle = (subject: Subject, time: number): Subject => {
  const { port } = subject;
  if (port === null || port.effective * 1000 > time) return subject;
  const then = withoutExpired(subject, port.effective * 1000);
  return settled(then, then.port ?? port);
};

/** The subject as every rule sees it at `time`, ms: ports settled, and without what has run out. */
export const asOf = (subject: Subject, time: number): Subject => withoutExpired(settle(subject, time), time);
