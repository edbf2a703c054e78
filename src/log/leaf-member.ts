import type { JsonObject, JsonValue } from '../encoding/index.js';
import type { LeafFields } from './leaf.js';

/** The member that leaves of one kind have as their last, and no others have. */
export interface KindMember {
  readonly name: 'fell' | 'opened' | 'erased' | 'who' | 'batch';
  /** Whether the member is within its grammar, and the other members are as leaves of this kind have them. */
  readonly fits: (leaf: LeafFields) => boolean;
  /** Its one spelling. */
  readonly serialise: (leaf: LeafFields) => string;
  /** Whether a parsed value has the members of it, in order, and their types. */
  readonly hasTypes: (value: JsonValue | undefined) => boolean;
}

/** 32 octets, base64url. */
export const DIGEST = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

/** Whether a value is an object with these members, in this order: names between commas. */
export const isObjectOf = (value: JsonValue | undefined, members: string): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).join() === members;

/** A leaf about what many registered names nobody: whose credentials they were is nobody else's business. */
export const namesNobody = ({ act, ap, np, tok, sii, map }: LeafFields): boolean =>
  [act, ap, np, tok, sii, map].every((member) => member === null);

/** A leaf about what an auditor or operator did: who that was, and nothing of anybody else. */
export const isSaidByOne = (leaf: LeafFields): boolean => leaf.ap !== null && leaf.why === 'OK' && namesNobody({ ...leaf, ap: null });
