import { ORDER_MARKS_PER_SUBJECT, ORDER_MARK_MEMORY } from './limits.js';
import { everyMapping, type OrderMark, type Subject } from './subject.js';

/** The place of the last `prefer` among the marks: no provider's domain is empty. */
export const PREFERENCE_MARK = '';

/** The place of the mark that an erasure leaves, over everything: no provider's domain is spelt so. */
export const ERASURE_MARK = '*';

const markOf = (subject: Subject, provider: string): OrderMark | undefined => subject.order.find((mark) => mark.provider === provider);

/**
 * DESIGN section 7: within one (SII, provider) an event counts only if its (iat, jti) is greater than the last one's.
 * A mark without jti is a withdrawal by connection or an erasure, which ends its whole second.
 */
export const isLater = (subject: Subject, event: OrderMark): boolean =>
  isLaterThan(markOf(subject, ERASURE_MARK), event) && isLaterThan(markOf(subject, event.provider), event);

const isLaterThan = (last: OrderMark | undefined, event: OrderMark): boolean => {
  if (last === undefined) return true;
  if (event.iat !== last.iat) return event.iat > last.iat;
  return last.jti !== '' && event.jti > last.jti;
};

/** DESIGN section 7: a withdrawal by connection counts as max(sequencer time, last iat). `time` in ms. */
export const connectionMark = (subject: Subject, provider: string, time: number): OrderMark => ({
  provider,
  iat: Math.max(Math.floor(time / 1000), markOf(subject, provider)?.iat ?? 0),
  jti: '',
});

/**
 * What an erasure leaves of the order: one mark, later than every PASSporT that was accepted or signed until now, of whatever provider. Who the
 * providers were is forgotten. `time` in ms.
 */
export const erasureMark = (subject: Subject, time: number): OrderMark => ({
  provider: ERASURE_MARK,
  iat: Math.max(Math.floor(time / 1000), ...subject.order.map(({ iat }) => iat)),
  jti: '',
});

/** Room for one more mark, without forgetting any that still guards against another party's PASSporT; null when there is none. */
const roomFor = (subject: Subject, time: number): readonly OrderMark[] | null => {
  if (subject.order.length < ORDER_MARKS_PER_SUBJECT) return subject.order;
  const mapped = new Set(everyMapping(subject).map((mapping) => mapping.provider));
  const seconds = Math.floor(time / 1000);
  const guarding = subject.order.filter((mark) => mapped.has(mark.provider) || mark.iat + ORDER_MARK_MEMORY > seconds);
  if (guarding.length < ORDER_MARKS_PER_SUBJECT) return guarding;
  // What a connection's mark guards against can be presented by that very AP alone, so it is the one to go.
  const eldest = guarding
    .filter((mark) => mark.jti === '' && mark.provider !== ERASURE_MARK && !mapped.has(mark.provider))
    .reduce<OrderMark | null>((first, mark) => (first === null || mark.iat < first.iat ? mark : first), null);
  return eldest === null ? null : guarding.filter((mark) => mark !== eldest);
};

/** The order marks with `mark` as its provider's last; null when the subject holds as many as it may. `time` in ms. */
export const withMark = (subject: Subject, mark: OrderMark, time: number): readonly OrderMark[] | null => {
  const place = subject.order.findIndex((other) => other.provider === mark.provider);
  if (place >= 0) return subject.order.with(place, mark);
  const kept = roomFor(subject, time);
  return kept === null ? null : [...kept, mark];
};
