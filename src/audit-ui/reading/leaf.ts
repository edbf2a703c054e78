import { textOf } from '../proof/octets.js';
import { isMembers, parseMembers, stringOf, stringsOf, type Members } from './json.js';

export interface LeafSigner {
  readonly spc: string | null;
  readonly dom: string | null;
  /** Fingerprints of the issuers, the anchor last; "*" before one: committed to, not shown. */
  readonly iss: readonly string[];
  readonly ee: string | null;
}

/** What a leaf says (docs/log-format.md), read leniently: a leaf that breaks the grammar is shown all the same, as what it is. */
export interface Leaf {
  /** `unreadable` where the octets are no JSON object. */
  readonly kind: string;
  /** ms */
  readonly time: number | null;
  readonly action: string | null;
  readonly ap: string | null;
  readonly signer: LeafSigner | null;
  /** SHA-256 of the compact PASSporT. */
  readonly passport: string | null;
  /** Commitments. */
  readonly sii: string | null;
  readonly map: string | null;
  /** Of `revoke` and `expire`: to the list of what fell. */
  readonly list: string | null;
  /** Of `open` and `erase`: to the case. */
  readonly caseId: string | null;
  readonly why: string;
  readonly policy: string | null;
  readonly trust: string | null;
  readonly numbering: string | null;
  readonly revocation: string | null;
  readonly gateway: string | null;
  /** Members that this page has no words for: name and JSON. */
  readonly rest: ReadonlyArray<readonly [name: string, json: string]>;
}

const KNOWN = new Set(['v', 'k', 't', 'act', 'ap', 'np', 'tok', 'sii', 'map', 'why', 'pol', 'tl', 'num', 'rev', 'gw']);

const signerOf = (value: unknown): LeafSigner | null =>
  isMembers(value)
    ? { spc: stringOf(value['spc']), dom: stringOf(value['dom']), iss: stringsOf(value['iss']), ee: stringOf(value['ee']) }
    : null;

const timeOf = (value: unknown): number | null => (typeof value === 'number' && Math.abs(value) <= 8.64e15 ? value : null);

const memberOf = (value: unknown, name: string): unknown => (isMembers(value) ? value[name] : undefined);

const NOTHING: Members = {};

export const readLeaf = (octets: Uint8Array): Leaf => {
  const members = parseMembers(textOf(octets) ?? '');
  const m = members ?? NOTHING;
  return {
    kind: members === null ? 'unreadable' : (stringOf(m['k']) ?? 'unreadable'),
    time: timeOf(m['t']),
    action: stringOf(m['act']),
    ap: stringOf(m['ap']),
    signer: signerOf(m['np']),
    passport: stringOf(m['tok']),
    sii: stringOf(m['sii']),
    map: stringOf(m['map']),
    list: stringOf(memberOf(m['fell'], 'list')),
    caseId: stringOf(memberOf(m['opened'] ?? m['erased'], 'case')),
    why: stringOf(m['why']) ?? '',
    policy: stringOf(m['pol']),
    trust: stringOf(m['tl']),
    numbering: stringOf(m['num']),
    revocation: stringOf(m['rev']),
    gateway: stringOf(m['gw']),
    rest: Object.entries(m)
      .filter(([name]) => !KNOWN.has(name))
      .map(([name, value]) => [name, JSON.stringify(value)] as const),
  };
};
