import type { JsonValue } from '../encoding/index.js';
import type { LeafFields } from './leaf.js';

/** The member that leaves of one kind have as their last, and no others have. */
export interface KindMember {
  readonly name: 'fell';
  /** Whether the member is within its grammar, and the other members are as leaves of this kind have them. */
  readonly fits: (leaf: LeafFields) => boolean;
  /** Its one spelling. */
  readonly serialise: (leaf: LeafFields) => string;
  /** Whether a parsed value has the members of it, in order, and their types. */
  readonly hasTypes: (value: JsonValue | undefined) => boolean;
}

/** A leaf about what many registered names nobody: whose credentials they were is nobody else's business. */
export const namesNobody = ({ act, ap, np, tok, sii, map }: LeafFields): boolean =>
  [act, ap, np, tok, sii, map].every((member) => member === null);
