import type { JsonValue } from '../encoding/index.js';
import { DIGEST, isObjectOf, isSaidByOne, type KindMember } from './leaf-member.js';

/**
 * Who a domain is from now on, as an operator said. Whole: what is in force can be told from the log alone. The domain stands in full, whatever its
 * length, since the record beside the log is made again from it.
 */
export interface LeafPrincipal {
  readonly dom: string;
  /** Null: removed; then the others say nothing. */
  readonly kind: 'ap' | 'np' | 'ep' | 'dp' | 'auditor' | 'operator' | null;
  /** Of an AP. */
  readonly cls: 'consumer' | 'business' | null;
  /** Of an NP its own; of an AP that of the NP that operates it, or null. */
  readonly spc: string | null;
  readonly susp: boolean;
  /** SHA-256 of the SubjectPublicKeyInfo that client certificates must have; null: any. */
  readonly key: string | null;
}

const DOMAIN = /^[a-z0-9][a-z0-9.-]{0,252}$/;
const SPC = /^[0-9A-Z]{1,20}$/;
const KINDS = new Set(['ap', 'np', 'ep', 'dp', 'auditor', 'operator']);

const isSpcOf = (kind: LeafPrincipal['kind'], spc: string | null): boolean => {
  if (spc === null) return kind !== 'np';
  return (kind === 'np' || kind === 'ap') && SPC.test(spc);
};

const isPrincipal = ({ dom, kind, cls, spc, susp, key }: LeafPrincipal): boolean => {
  if (!DOMAIN.test(dom)) return false;
  if (kind === null) return cls === null && spc === null && !susp && key === null;
  return (
    KINDS.has(kind) &&
    (kind === 'ap' ? cls === 'consumer' || cls === 'business' : cls === null) &&
    isSpcOf(kind, spc) &&
    (key === null || DIGEST.test(key))
  );
};

const text = (value: string | null): string => (value === null ? 'null' : `"${value}"`);

const serialisePrincipal = ({ dom, kind, cls, spc, susp, key }: LeafPrincipal): string =>
  `{"dom":"${dom}","kind":${text(kind)},"cls":${text(cls)},"spc":${text(spc)},"susp":${susp},"key":${text(key)}}`;

const hasPrincipalTypes = (value: JsonValue | undefined): boolean =>
  isObjectOf(value, 'dom,kind,cls,spc,susp,key') &&
  typeof value['dom'] === 'string' &&
  typeof value['susp'] === 'boolean' &&
  ['kind', 'cls', 'spc', 'key'].every((name) => value[name] === null || typeof value[name] === 'string');

/** Of `principal` leaves: `ap` is the operator who said so, and no PASSporT is behind it. */
export const WHO: KindMember = {
  name: 'who',
  fits: (leaf) => leaf.who !== undefined && isPrincipal(leaf.who) && isSaidByOne(leaf),
  serialise: ({ who }) => (who === undefined ? 'null' : serialisePrincipal(who)),
  hasTypes: hasPrincipalTypes,
};
