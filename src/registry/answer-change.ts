import { resolve, type ResolvedMapping, type View } from './resolve.js';
import type { Subject } from './subject.js';

export interface Question {
  readonly view: View;
  /** base64url of the circle code's SHA-256, or null. */
  readonly circle: string | null;
}

export interface AnswerChange {
  /** Another answer than before: other mappings, another default, or one that ends sooner. */
  readonly differs: boolean;
  /** ms from now: when the answer may change by time alone, if that is sooner than it was before; else Infinity. */
  readonly endsIn: number;
}

/** What a commit that made `after` of `before` does to the answer to a question, at `now`, ms. A mapping that ends later is no change. */
export const changeOf = (before: Subject | null, after: Subject, question: Question, now: number): AnswerChange => {
  const query = { ...question, now, maxTtl: Infinity, negativeTtl: Infinity };
  const [told, next] = [resolve(before, query), resolve(after, query)];
  const differs =
    told.mappings.length !== next.mappings.length ||
    told.mappings.some((mapping, i) => isOther(mapping, next.mappings[i] as ResolvedMapping));
  return { differs, endsIn: next.ttlSeconds < told.ttlSeconds ? next.ttlSeconds * 1000 : Infinity };
};

const isOther = (told: ResolvedMapping, next: ResolvedMapping): boolean =>
  told.ssi !== next.ssi ||
  told.provider !== next.provider ||
  told.purpose !== next.purpose ||
  told.kind !== next.kind ||
  told.default !== next.default ||
  next.expires < told.expires;
