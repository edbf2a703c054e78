import { isLive } from './removal.js';
import { settle } from './settle.js';
import { ssiOf, type AgreedPort, type Mapping, type Preference, type Subject } from './subject.js';

export type View = 'consumer' | 'business' | 'all';

export interface ResolveQuery {
  readonly view: View;
  /** base64url of the circle code's SHA-256, or null. */
  readonly circle: string | null;
  /** ms. */
  readonly now: number;
  /** Seconds that an answer may be kept at most. */
  readonly maxTtl: number;
  /** Seconds that an empty answer may be kept. */
  readonly negativeTtl: number;
}

export interface ResolvedMapping {
  readonly ssi: string;
  readonly provider: string;
  readonly purpose: 'consumer' | 'business';
  readonly kind: 'user' | 'service';
  readonly default: boolean;
  /** Seconds. */
  readonly expires: number;
  /** Index of the leaf of the last registration. */
  readonly leafIndex: number;
}

export interface Resolution {
  /** First registered first; exactly one is the default unless there is none. */
  readonly mappings: readonly ResolvedMapping[];
  readonly ttlSeconds: number;
}

/** First registered first, refreshes not counted; ties by provider, the rest for determinism. */
const byAge = (a: Mapping, b: Mapping): number =>
  a.firstIndex - b.firstIndex ||
  compare(a.provider, b.provider) ||
  compare(a.purpose, b.purpose) ||
  compare(a.circle ?? '', b.circle ?? '');

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const isShown = (mapping: Mapping, query: ResolveQuery): boolean =>
  isLive(mapping, query.now) &&
  (query.view === 'all' || mapping.purpose === query.view) &&
  (mapping.circle === null || mapping.circle === query.circle);

/** Those of `mappings` that `wanted` picks, or all of them if it picks none. */
const narrowed = (mappings: readonly Mapping[], wanted: (mapping: Mapping) => boolean): readonly Mapping[] => {
  const picked = mappings.filter(wanted);
  return picked.length > 0 ? picked : mappings;
};

/** Preference for the view's purpose, then the overall one, then circle matches before the rest, then age. `shown` is in order of age. */
const defaultOf = (shown: readonly Mapping[], preference: Preference | null, view: View): Mapping | undefined => {
  const has = (provider: string | undefined): boolean => shown.some((mapping) => mapping.provider === provider);
  const ofPurpose = view === 'all' ? undefined : preference?.[view];
  const preferred = has(ofPurpose) ? ofPurpose : preference?.default;
  const candidates = narrowed(shown, (mapping) => mapping.provider === preferred);
  return narrowed(candidates, (mapping) => mapping.circle !== null)[0];
};

/** A port that does not touch the answer does not shorten it: a miss must not tell that a number is being ported. */
const ttlOf = (shown: readonly Mapping[], port: AgreedPort | null, query: ResolveQuery): number => {
  const touches = port !== null && (shown.length > 0 || port.pending.some((mapping) => isShown(mapping, query)));
  const changes = [...shown.map((mapping) => mapping.expires), ...(touches ? [port.effective] : [])];
  const longest = shown.length === 0 ? query.negativeTtl : query.maxTtl;
  return Math.max(0, Math.min(longest, ...changes.map((second) => Math.floor(second - query.now / 1000))));
};

/**
 * DESIGN section 7, resolution: all live mappings that view and circle allow, exactly one of them default. A port is in the answer whole or not at all.
 * No subject, nothing live and nothing shown take the same way and give the same answer (DESIGN section 2, promise 8).
 */
export const resolve = (stored: Subject | null, query: ResolveQuery): Resolution => {
  const subject = stored === null ? null : settle(stored, query.now);
  const shown = (subject?.mappings ?? []).filter((mapping) => isShown(mapping, query)).toSorted(byAge);
  const chosen = defaultOf(shown, subject?.preference ?? null, query.view);
  const mappings = shown.map((mapping) => ({
    ssi: ssiOf(mapping),
    provider: mapping.provider,
    purpose: mapping.purpose,
    kind: mapping.kind,
    default: mapping === chosen,
    expires: mapping.expires,
    leafIndex: mapping.leafIndex,
  }));
  return { mappings, ttlSeconds: ttlOf(shown, subject?.port ?? null, query) };
};
