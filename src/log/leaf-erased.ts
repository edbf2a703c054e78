import type { JsonValue } from '../encoding/index.js';
import { DIGEST, isObjectOf, isSaidByOne, type KindMember } from './leaf-member.js';

/** What an `erase` leaf says: that a subject was forgotten under a case. Nothing that leads to the subject or its entries, not even how many there were. */
export interface LeafErased {
  /** Commitment to the case id. */
  readonly case: string;
}

/** Of `erase` leaves; `ap` is the operator's domain. */
export const ERASED: KindMember = {
  name: 'erased',
  fits: (leaf) => leaf.erased !== undefined && DIGEST.test(leaf.erased.case) && isSaidByOne(leaf),
  serialise: ({ erased }) => (erased === undefined ? 'null' : `{"case":"${erased.case}"}`),
  hasTypes: (value: JsonValue | undefined) => isObjectOf(value, 'case') && typeof value['case'] === 'string',
};
