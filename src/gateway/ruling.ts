import type { Reason } from '../reasons/index.js';
import { transition, type RegistryEvent, type Subject, type TransitionContext } from '../registry/index.js';
import { effectStands, type EffectClaims } from './effect.js';
import type { SpentFacts } from './sealed-event.js';
import { signingMark, spentKey, type Spent } from './spent-passports.js';

/** What the sequencer's two steps say of an event: `check-replay`, then `check-order`. */
export type Ruling =
  | { readonly outcome: 'applied'; readonly subject: Subject }
  | { readonly outcome: 'refused'; readonly reason: Reason; readonly step: 'check-replay' | 'check-order'; readonly detail: string | null }
  /** Accepted before, by the same client, and its effect stands: that leaf's answer is due again. */
  | { readonly outcome: 'repeat'; readonly index: number }
  /** What it was judged under has moved: judge again. */
  | { readonly outcome: 'moved' };

/** An event at the sequencer. */
export interface Ruled {
  readonly event: RegistryEvent;
  /** Null where no PASSporT was presented. */
  readonly spent: SpentFacts | null;
}

/**
 * Rules on an event, by what was spent and by the subject as it is then; the same at the commit and whenever the log is judged again.
 * @param find what is remembered of accepted PASSporTs
 */
export const ruleOn = (
  { event, spent }: Ruled,
  subject: Subject | null,
  find: (key: string) => Spent | null,
  context: TransitionContext,
): Ruling => {
  if (spent !== null && event.type !== 'withdraw-by-connection') {
    const seen = seenBefore(event, spent, subject, find, context.time);
    if (typeof seen === 'number') return { outcome: 'repeat', index: seen };
    if (seen !== null) return { outcome: 'refused', reason: seen, step: 'check-replay', detail: null };
    if (event.exp * 1000 <= context.time) return { outcome: 'refused', reason: 'expired-token', step: 'check-replay', detail: null };
  }
  const result = transition(subject, event, context);
  return result.outcome === 'refused' ? { ...result, step: 'check-order' } : result;
};

/** Null: never seen. A number: the leaf of the first answer, which is due again. A reason: refuse. */
const seenBefore = (
  event: Exclude<RegistryEvent, { readonly type: 'withdraw-by-connection' }>,
  { signingDigest, client }: SpentFacts,
  subject: Subject | null,
  find: (key: string) => Spent | null,
  time: number,
): number | 'jti-replay' | 'jti-conflict' | null => {
  const known = find(spentKey(event.signer.spkiDigest, event.jti));
  if (known === null) return null;
  if (known.signing !== signingMark(signingDigest)) return 'jti-conflict';
  if (known.client !== client || !effectStands(subject, claimsOf(event), known.index, time)) return 'jti-replay';
  return known.index;
};

const claimsOf = (event: Exclude<RegistryEvent, { readonly type: 'withdraw-by-connection' }>): EffectClaims => ({
  action: event.type,
  iat: event.iat,
  jti: event.jti,
  ssi: 'ssi' in event ? event.ssi : null,
  provider: 'provider' in event ? event.provider : null,
  preference: 'preference' in event ? { ...event.preference } : null,
  from: event.type === 'port' ? event.from : null,
  to: event.type === 'port' ? event.to : null,
  effective: event.type === 'port' ? event.effective : null,
});
