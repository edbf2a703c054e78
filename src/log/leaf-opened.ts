import type { JsonValue } from '../encoding/index.js';
import { DIGEST, isObjectOf, isSaidByOne, type KindMember } from './leaf-member.js';

/** What an `open` leaf says: that somebody was given the opening of an entry, and under which case, to who has this leaf's own opening. */
export interface LeafOpened {
  /** Index of the entry, decimal digits: it may have more than an integer of a leaf. */
  readonly ref: string;
  /** Commitment to the case id. */
  readonly case: string;
}

const INDEX = /^(?:0|[1-9][0-9]{0,14})$/;

/** Of `open` leaves; `ap` is the auditor's or operator's domain. */
export const OPENED: KindMember = {
  name: 'opened',
  fits: (leaf) => leaf.opened !== undefined && INDEX.test(leaf.opened.ref) && DIGEST.test(leaf.opened.case) && isSaidByOne(leaf),
  serialise: ({ opened }) => (opened === undefined ? 'null' : `{"ref":"${opened.ref}","case":"${opened.case}"}`),
  hasTypes: (value: JsonValue | undefined) =>
    isObjectOf(value, 'ref,case') && typeof value['ref'] === 'string' && typeof value['case'] === 'string',
};
