import { sha256 } from '../proof/hash.js';
import { concat, fromBase64url, toBase64url, utf8, type Octets } from '../proof/octets.js';
import { isMembers, parseMembers, stringOf, stringsOf, type Members } from './json.js';
import type { Leaf } from './leaf.js';

/** One thing that an opening tells. */
export interface OpenedFact {
  readonly name: string;
  readonly value: string;
  /** Whether it is what the leaf commits to; null: the leaf commits to nothing of the kind. */
  readonly holds: boolean | null;
}

export type OpeningAnswer =
  | { readonly state: 'opened'; readonly facts: readonly OpenedFact[] }
  | {
      readonly state: 'refused';
      readonly status: number;
      readonly title: string;
      readonly reason: string | null;
      readonly detail: string | null;
    }
  | { readonly state: 'unreachable' };

/** HMAC-SHA-256 under the opening: what a leaf says of personal values (docs/log-format.md). Null: there is no opening of 32 octets. */
const commitmentOf = async (opening: Octets | null, message: Octets): Promise<string | null> => {
  if (opening?.length !== 32) return null;
  const key = await crypto.subtle.importKey('raw', opening, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return toBase64url(new Uint8Array(await crypto.subtle.sign('HMAC', key, message)));
};

interface Claim {
  readonly name: string;
  readonly value: string;
  /** As the leaf has it. */
  readonly committed: string | null;
  readonly message: Octets;
}

const text = (name: string, value: string | null, committed: string | null, message: string): Claim[] =>
  value === null ? [] : [{ name, value, committed, message: utf8(message) }];

/** A certificate that the leaf names openly is compared as it is; one that it hides, by its commitment. */
const fingerprintClaims = (prints: readonly string[], { signer }: Leaf): Claim[] => {
  const shown = signer === null ? [] : [signer.ee, ...signer.iss];
  return prints.map((print, i) => {
    const committed = shown[i] ?? null;
    const octets = fromBase64url(print) ?? new Uint8Array(0);
    const name = i === 0 ? 'End-entity certificate' : `Issuer ${i}`;
    return { name, value: print, committed: committed?.replace(/^\*/, '') ?? null, message: concat(utf8('cert/1\n'), octets) };
  });
};

const PLACE = 22;

/** What fell, packed as the leaf commits to it: 6 octets of index and 16 of the store key of the SII for each. */
const packed = (list: readonly unknown[]): Octets => {
  const octets = new Uint8Array(list.length * PLACE);
  const view = new DataView(octets.buffer);
  list.filter(isMembers).forEach(({ logIndex, subject }, i) => {
    const index = typeof logIndex === 'number' ? logIndex : 0;
    view.setUint16(i * PLACE, Math.floor(index / 2 ** 32));
    view.setUint32(i * PLACE + 2, index % 2 ** 32);
    octets.set((fromBase64url(stringOf(subject) ?? '') ?? new Uint8Array(0)).slice(0, 16), i * PLACE + 6);
  });
  return octets;
};

const listClaim = async (list: unknown, leaf: Leaf): Promise<Claim[]> => {
  if (!Array.isArray(list)) return [];
  const message = concat(utf8('list/1\n'), await sha256(packed(list)));
  return [{ name: 'What fell', value: JSON.stringify(list), committed: leaf.list, message }];
};

const KNOWN = new Set(['index', 'kind', 'opening', 'sii', 'ssi', 'provider', 'fingerprints', 'list', 'case']);

/** What the gateway says an entry is about, held against the commitments of the leaf that this browser has proven. */
export const checkOpening = async (members: Members, leaf: Leaf): Promise<OpenedFact[]> => {
  const opening = fromBase64url(stringOf(members['opening']) ?? '');
  const [sii, ssi, provider, caseId] = ['sii', 'ssi', 'provider', 'case'].map((name) => stringOf(members[name]));
  const claims = [
    ...text('Number or address', sii ?? null, leaf.sii, `sii/1\n${sii}`),
    ...text('Mapped to', ssi ?? null, leaf.map, `map/1\n${ssi}\n${provider ?? ''}`),
    ...fingerprintClaims(stringsOf(members['fingerprints']), leaf),
    ...(await listClaim(members['list'], leaf)),
    ...text('Case', caseId ?? null, leaf.caseId, `case/1\n${caseId}`),
  ];
  const checked = claims.map(async ({ name, value, committed, message }): Promise<OpenedFact> => {
    const holds = committed === null ? null : committed === value || (await commitmentOf(opening, message)) === committed;
    return { name, value, holds };
  });
  const rest = Object.entries(members)
    .filter(([name]) => !KNOWN.has(name))
    .map(([name, value]): OpenedFact => ({ name, value: JSON.stringify(value) ?? '', holds: null }));
  return [...(await Promise.all(checked)), ...rest];
};

/** Asks the gateway for an opening: the browser's client certificate says who asks, and the gateway writes a leaf about it. */
export const askOpening = async (base: string, index: number, caseId: string, leaf: Leaf): Promise<OpeningAnswer> => {
  const url = new URL(`../v1/entries/${index}/opening?${new URLSearchParams({ case: caseId })}`, base);
  const response = await fetch(url, { cache: 'no-store' }).catch(() => null);
  if (response === null) return { state: 'unreachable' };
  const members = parseMembers(await response.text().catch(() => ''));
  if (response.ok && members !== null) return { state: 'opened', facts: await checkOpening(members, leaf) };
  return {
    state: 'refused',
    status: response.status,
    title: stringOf(members?.['title']) ?? 'there is no such answer here',
    reason: stringOf(members?.['reason']),
    detail: stringOf(members?.['detail']),
  };
};
