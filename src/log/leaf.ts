import type { JsonObject, JsonValue } from '../encoding/index.js';
import { refuse } from '../reasons/index.js';
import { BATCH, type LeafBatch } from './leaf-batch.js';
import { ERASED, type LeafErased } from './leaf-erased.js';
import { FELL, type LeafFell } from './leaf-fell.js';
import { DIGEST, type KindMember } from './leaf-member.js';
import { OPENED, type LeafOpened } from './leaf-opened.js';
import { WHO, type LeafPrincipal } from './leaf-principal.js';

/**
 * DESIGN section 8: the leaf is our own format, so that auditors hash the raw octets and never serialise again: ASCII, members in this order,
 * no white space, no escapes, integers below 10^6 or a time in ms. One decision has exactly one spelling.
 */

/** What a leaf may be about. */
export const LEAF_KINDS = ['accept', 'reject', 'expire', 'revoke', 'erase', 'open', 'principal', 'batch'] as const;
export type LeafKind = (typeof LEAF_KINDS)[number];

/** Who signed, once `verify-path` had passed: before that a name would be slander. */
export interface LeafSigner {
  readonly spc: string | null;
  readonly dom: string | null;
  /** Issuers of the end-entity, anchor last: fingerprints, at most 5. */
  readonly iss: readonly string[];
  /** Fingerprint of the end-entity. */
  readonly ee: string;
}

/**
 * A digest is 43 characters base64url. A fingerprint that begins with "*" is a commitment under the opening;
 * a name that begins with "#" is the digest of one longer than 64 characters.
 */
export interface LeafFields {
  readonly v: 1;
  readonly k: LeafKind;
  /** ms since 1970; never less than the entry before. */
  readonly t: number;
  readonly act: string | null;
  /** The authenticated client, or the provider that the entry is about. */
  readonly ap: string | null;
  readonly np: LeafSigner | null;
  /** SHA-256 of the compact PASSporT with its signature: nobody can guess it from a phone number. */
  readonly tok: string | null;
  /** Commitments. */
  readonly sii: string | null;
  readonly map: string | null;
  /** "OK", or the reason code. */
  readonly why: string;
  /** Digests of policy, trust, numbering and revocation data that it was judged under. */
  readonly pol: string;
  readonly tl: string;
  readonly num: string;
  readonly rev: string;
  /** Which gateway, and its build. */
  readonly gw: string;
  /** Of `revoke` and `expire` leaves alone. */
  readonly fell?: LeafFell;
  /** Of `open` leaves alone. */
  readonly opened?: LeafOpened;
  /** Of `erase` leaves alone. */
  readonly erased?: LeafErased;
  /** Of `principal` leaves alone. */
  readonly who?: LeafPrincipal;
  /** Of `batch` leaves alone. */
  readonly batch?: LeafBatch;
}

/** DESIGN section 8. */
export const MAX_LEAF_OCTETS = 1024;

const FINGERPRINT = /^\*?[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
const NAME = /^(?:[a-z0-9][a-z0-9.-]{0,63}|#[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])$/;
const SPC = /^[0-9A-Z]{1,20}$/;
const ACTION = /^[a-z][a-z-]{0,31}$/;
const WHY = /^(?:OK|[a-z][a-z0-9-]{0,47})$/;
const GATEWAY = /^[A-Za-z0-9][A-Za-z0-9.@_:-]{0,47}$/;
/** RFC 9060 paths have at most six certificates: five issuers. */
const MAX_ISSUERS = 5;
/** Times from 2001 to 2286: thirteen digits, so that no time is taken for a count. */
const MIN_TIME = 1_000_000_000_000;
const MAX_TIME = 9_999_999_999_999;

const kinds = new Set<string>(LEAF_KINDS);

const matches = (pattern: RegExp, value: string | null): boolean => value === null || pattern.test(value);

const isSigner = (np: LeafSigner): boolean =>
  matches(SPC, np.spc) &&
  matches(NAME, np.dom) &&
  np.iss.length <= MAX_ISSUERS &&
  np.iss.every((print) => FINGERPRINT.test(print)) &&
  FINGERPRINT.test(np.ee);

/** The last member that a leaf of some kinds has beside the others, and alone has. */
const MEMBER_OF: Partial<Record<LeafKind, KindMember>> = {
  revoke: FELL,
  expire: FELL,
  open: OPENED,
  erase: ERASED,
  principal: WHO,
  batch: BATCH,
};

const MEMBER_NAMES = [...new Set(Object.values(MEMBER_OF).map(({ name }) => name))];

const hasKindsMembers = (leaf: LeafFields): boolean => {
  const own = MEMBER_OF[leaf.k];
  if (MEMBER_NAMES.some((name) => (leaf[name] !== undefined) !== (name === own?.name))) return false;
  return own === undefined || own.fits(leaf);
};

/** The first member that breaks the grammar, or null. */
const faultOf = (leaf: LeafFields): string | null => {
  if (!kinds.has(leaf.k)) return 'k';
  if (!Number.isSafeInteger(leaf.t) || leaf.t < MIN_TIME || leaf.t > MAX_TIME) return 't';
  if (!matches(ACTION, leaf.act)) return 'act';
  if (!matches(NAME, leaf.ap)) return 'ap';
  if (leaf.np !== null && !isSigner(leaf.np)) return 'np';
  if (!matches(DIGEST, leaf.tok)) return 'tok';
  if (!matches(DIGEST, leaf.sii)) return 'sii';
  if (!matches(DIGEST, leaf.map)) return 'map';
  if (!WHY.test(leaf.why)) return 'why';
  for (const name of ['pol', 'tl', 'num', 'rev'] as const) if (!DIGEST.test(leaf[name])) return name;
  if (!hasKindsMembers(leaf)) return MEMBER_OF[leaf.k]?.name ?? 'members';
  return GATEWAY.test(leaf.gw) ? null : 'gw';
};

const text = (value: string | null): string => (value === null ? 'null' : `"${value}"`);

const serialiseMember = (leaf: LeafFields): string => {
  const own = MEMBER_OF[leaf.k];
  return own === undefined ? '}' : `,"${own.name}":${own.serialise(leaf)}}`;
};

const serialise = (leaf: LeafFields): string => {
  const np =
    leaf.np === null
      ? 'null'
      : `{"spc":${text(leaf.np.spc)},"dom":${text(leaf.np.dom)},"iss":[${leaf.np.iss.map(text).join(',')}],"ee":"${leaf.np.ee}"}`;
  return (
    `{"v":1,"k":"${leaf.k}","t":${leaf.t},"act":${text(leaf.act)},"ap":${text(leaf.ap)},"np":${np},"tok":${text(leaf.tok)},` +
    `"sii":${text(leaf.sii)},"map":${text(leaf.map)},"why":"${leaf.why}","pol":"${leaf.pol}","tl":"${leaf.tl}","num":"${leaf.num}","rev":"${leaf.rev}","gw":"${leaf.gw}"` +
    serialiseMember(leaf)
  );
};

/**
 * The octets of a leaf. The grammar keeps every leaf within 1,024 octets and free of characters that JSON would escape.
 * @throws Refusal `log-corrupt` naming the member that is outside the grammar: a leaf that auditors could not read is never written
 */
export const encodeLeaf = (leaf: LeafFields): Buffer => {
  const fault = faultOf(leaf);
  if (fault !== null) return refuse('log-corrupt', `leaf ${fault}`);
  return Buffer.from(serialise(leaf), 'latin1');
};

const MEMBERS = 'v,k,t,act,ap,np,tok,sii,map,why,pol,tl,num,rev,gw';
const SIGNER_MEMBERS = 'spc,dom,iss,ee';

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: JsonValue | undefined): boolean => typeof value === 'string';
const isTextOrNull = (value: JsonValue | undefined): boolean => value === null || typeof value === 'string';

const hasSignerTypes = (np: JsonValue | undefined): boolean =>
  np === null ||
  (isObject(np) &&
    Object.keys(np).join() === SIGNER_MEMBERS &&
    isTextOrNull(np['spc']) &&
    isTextOrNull(np['dom']) &&
    isText(np['ee']) &&
    Array.isArray(np['iss']) &&
    np['iss'].every(isText));

const memberOf = (kind: JsonValue | undefined): KindMember | undefined =>
  typeof kind === 'string' && kinds.has(kind) ? MEMBER_OF[kind as LeafKind] : undefined;

const membersOf = (kind: JsonValue | undefined): string => [MEMBERS, memberOf(kind)?.name ?? []].flat().join();

const hasMemberTypes = (value: JsonObject): boolean => {
  const own = memberOf(value['k']);
  return own === undefined || own.hasTypes(value[own.name]);
};

const hasLeafTypes = (value: JsonValue): boolean =>
  isObject(value) &&
  Object.keys(value).join() === membersOf(value['k']) &&
  value['v'] === 1 &&
  typeof value['t'] === 'number' &&
  ['k', 'why', 'pol', 'tl', 'num', 'rev', 'gw'].every((name) => isText(value[name])) &&
  ['act', 'ap', 'tok', 'sii', 'map'].every((name) => isTextOrNull(value[name])) &&
  hasSignerTypes(value['np']) &&
  hasMemberTypes(value);

/**
 * The fields of a leaf, of the one spelling that they have.
 * @throws Refusal `log-corrupt` when the octets are anything else
 */
export const parseLeaf = (octets: Uint8Array): LeafFields => {
  if (!(octets instanceof Uint8Array) || octets.length > MAX_LEAF_OCTETS) return refuse('log-corrupt', 'leaf size');
  const leaf = parseObject(octets);
  const fault = faultOf(leaf);
  if (fault !== null) return refuse('log-corrupt', `leaf ${fault}`);
  if (!Buffer.from(serialise(leaf), 'latin1').equals(octets)) return refuse('log-corrupt', 'leaf spelling');
  return leaf;
};

/** The members that the fold needs. */
export interface LeafHead {
  readonly k: LeafKind;
  /** ms */
  readonly t: number;
}

const HEAD = /^\{"v":1,"k":"([a-z]+)","t":([0-9]{13}),/;
const HEAD_OCTETS = 48;

/**
 * Kind and time of a leaf that this log has written; the rest is not looked at (`parseLeaf` does).
 * @throws Refusal `log-corrupt`
 */
export const peekLeaf = (octets: Uint8Array): LeafHead => {
  const head = HEAD.exec(Buffer.from(octets.buffer, octets.byteOffset, Math.min(octets.byteLength, HEAD_OCTETS)).toString('latin1'));
  if (head === null || !kinds.has(head[1] as string)) return refuse('log-corrupt', 'leaf head');
  return { k: head[1] as LeafKind, t: Number(head[2]) };
};

/**
 * By the parser of the language: `parseLeaf` holds the octets against the one spelling of what is found, so nothing that a strict parser refuses
 * (duplicates, white space, escapes, another number) is let through. ASCII drops the highest bit, so that an octet with it is never spelled again.
 */
const parseObject = (octets: Uint8Array): LeafFields => {
  try {
    const value: unknown = JSON.parse(Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('ascii'));
    if (hasLeafTypes(value as JsonValue)) return value as LeafFields;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return refuse('log-corrupt', 'leaf shape');
};
