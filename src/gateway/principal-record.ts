import { z } from 'zod';
import { JsonError, parseStrictJson } from '../encoding/index.js';
import { isDomain } from '../identifiers/index.js';
import { encodeLeaf, nameInLeaf, parseLeaf, versionsInLeaf, type LeafPrincipal } from '../log/index.js';
import { principalTerms, type PrincipalTerms } from '../policy/index.js';
import type { Versions } from '../verification/index.js';

/** What an operator said of a domain; a copy of what a `principal` leaf says, kept so that a start need not read the whole log. */
export interface PrincipalChange {
  readonly domain: string;
  /** Null: removed. */
  readonly terms: PrincipalTerms | null;
  /** The operator, as the leaf names it. */
  readonly by: string;
  /** ms; the leaf's. */
  readonly at: number;
  readonly logIndex: number;
}

const schema = z.strictObject({
  domain: z.string().refine(isDomain),
  terms: principalTerms.nullable(),
  by: z.string(),
  at: z.int().nonnegative(),
  logIndex: z.int().nonnegative(),
});

export const encodePrincipalChange = (change: PrincipalChange): Buffer => Buffer.from(`${JSON.stringify(change)}\n`);

/** Null: not such a record. */
export const parsePrincipalChange = (octets: Uint8Array): PrincipalChange | null => {
  try {
    return schema.safeParse(parseStrictJson(octets)).data ?? null;
  } catch (error) {
    if (error instanceof JsonError) return null;
    throw error;
  }
};

/** As leaves say who a domain is. */
export const principalInLeaf = (domain: string, terms: PrincipalTerms | null): LeafPrincipal => {
  if (terms === null) return { dom: domain, kind: null, cls: null, spc: null, susp: false, key: null };
  const spc = terms.kind === 'np' ? terms.spc : terms.kind === 'ap' ? (terms.operatedBy ?? null) : null;
  return {
    dom: domain,
    kind: terms.kind,
    cls: terms.kind === 'ap' ? terms.class : null,
    spc,
    susp: terms.suspended === true,
    key: terms.clientKey === undefined ? null : Buffer.from(terms.clientKey, 'base64').toString('base64url'),
  };
};

/** The other way round: `suspended` stands only where it is true. */
const termsInLeaf = ({ kind, cls, spc, susp, key }: LeafPrincipal): PrincipalTerms | null => {
  if (kind === null) return null;
  const controlled = {
    ...(key === null ? {} : { clientKey: Buffer.from(key, 'base64url').toString('base64') }),
    ...(susp ? { suspended: true } : {}),
  };
  if (kind === 'np') return { kind, spc: spc ?? '', ...controlled };
  if (kind === 'ap') return { kind, class: cls ?? 'consumer', ...(spc === null ? {} : { operatedBy: spc }), ...controlled };
  return { kind, ...controlled };
};

/** What the record must be, by the leaf at `index`; null for a leaf of another kind. @throws Refusal `log-corrupt` */
export const changeOfLeaf = (index: number, octets: Uint8Array): PrincipalChange | null => {
  const { who, ap, t } = parseLeaf(octets);
  return who === undefined ? null : { domain: who.dom, terms: termsInLeaf(who), by: ap ?? '', at: t, logIndex: index };
};

/** Whether the same is said of the same domain. */
export const saysTheSame = (one: Pick<PrincipalChange, 'domain' | 'terms'>, other: Pick<PrincipalChange, 'domain' | 'terms'>): boolean =>
  JSON.stringify(principalInLeaf(one.domain, one.terms)) === JSON.stringify(principalInLeaf(other.domain, other.terms));

export interface PrincipalDecision {
  readonly domain: string;
  readonly terms: PrincipalTerms | null;
  readonly by: string;
  /** ms */
  readonly time: number;
  readonly gateway: string;
  readonly versions: Versions;
}

export const principalLeaf = ({ domain, terms, by, time, gateway, versions }: PrincipalDecision): Buffer =>
  encodeLeaf({
    v: 1,
    k: 'principal',
    t: time,
    act: null,
    ap: nameInLeaf(by),
    np: null,
    tok: null,
    sii: null,
    map: null,
    why: 'OK',
    ...versionsInLeaf(versions),
    gw: gateway,
    who: principalInLeaf(domain, terms),
  });
