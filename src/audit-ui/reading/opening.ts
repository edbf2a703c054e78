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
  /** Null: the leaf commits to something, and the answer does not say what. */
  readonly value: string | null;
  /** As the leaf has it; null: it commits to nothing of the kind. */
  readonly committed: string | null;
  /** The leaf names it openly: it is compared as it is. Else what is committed to is the HMAC of `message`. */
  readonly isShown?: true;
  readonly message: Octets;
}

const text = (name: string, value: string | null, committed: string | null, message: string): Claim[] =>
  value === null && committed === null ? [] : [{ name, value, committed, message: utf8(message) }];

/**
 * Each certificate that the leaf names or hides, and any more that are told of. Of a refusal no fingerprints are sealed: none told is none missing.
 */
const fingerprintClaims = (prints: readonly string[], { signer, kind }: Leaf): Claim[] => {
  if (prints.length === 0 && kind === 'reject') return [];
  const said = signer === null ? [] : [signer.ee ?? '', ...signer.iss];
  return Array.from({ length: Math.max(said.length, prints.length) }, (_, i): Claim => {
    const [print = null, shown = null] = [prints[i], said[i]];
    const name = i === 0 ? 'End-entity certificate' : `Issuer ${i}`;
    const message = concat(utf8('cert/1\n'), fromBase64url(print ?? '') ?? new Uint8Array(0));
    if (shown?.startsWith('*') === true) return { name, value: print, committed: shown.slice(1), message };
    return { name, value: print, committed: shown, isShown: true, message };
  });
};

const PLACE = 22;

interface Place {
  readonly logIndex: number;
  readonly subject: Octets;
}

/** Null: it is none, or would have to be cut to be packed. */
const placeOf = (item: unknown): Place | null => {
  if (!isMembers(item)) return null;
  const [logIndex, subject] = [item['logIndex'], fromBase64url(stringOf(item['subject']) ?? '')];
  const isIndex = typeof logIndex === 'number' && Number.isSafeInteger(logIndex) && logIndex >= 0 && logIndex < 2 ** 48;
  return isIndex && subject?.length === 16 ? { logIndex, subject } : null;
};

/** What fell, packed as the leaf commits to it: 6 octets of index and 16 of the store key of the SII for each. */
const packed = (places: readonly Place[]): Octets => {
  const octets = new Uint8Array(places.length * PLACE);
  const view = new DataView(octets.buffer);
  places.forEach(({ logIndex, subject }, i) => {
    view.setUint16(i * PLACE, Math.floor(logIndex / 2 ** 32));
    view.setUint32(i * PLACE + 2, logIndex % 2 ** 32);
    octets.set(subject, i * PLACE + 6);
  });
  return octets;
};

const listClaim = async (list: unknown, { list: committed }: Leaf): Promise<Claim[]> => {
  if (list === undefined && committed === null) return [];
  const items = Array.isArray(list) ? (list as unknown[]) : [];
  const places = items.map(placeOf).filter((place) => place !== null);
  if (!Array.isArray(list) || places.length < items.length) return [{ name: 'What fell', value: null, committed, message: utf8('') }];
  // What was compared, and nothing that stood beside it.
  const value = JSON.stringify(places.map(({ logIndex, subject }) => ({ logIndex, subject: toBase64url(subject) })));
  return [{ name: 'What fell', value, committed, message: concat(utf8('list/1\n'), await sha256(packed(places))) }];
};

/** What the leaf itself says. */
const plain = (name: string, value: unknown, said: string | number): OpenedFact[] =>
  value === said ? [] : [{ name, value: JSON.stringify(value) ?? 'nothing', holds: false }];

const KNOWN = new Set(['index', 'kind', 'opening', 'sii', 'ssi', 'provider', 'fingerprints', 'list', 'case']);

/** What the gateway says an entry is about, held against the commitments of the leaf that this browser has proven. */
export const checkOpening = async (members: Members, index: number, leaf: Leaf): Promise<OpenedFact[]> => {
  const opening = fromBase64url(stringOf(members['opening']) ?? '');
  const [sii, ssi, provider, caseId] = ['sii', 'ssi', 'provider', 'case'].map((name) => stringOf(members[name]));
  const claims = [
    ...text('Number or address', sii ?? null, leaf.sii, `sii/1\n${sii}`),
    ...text('Mapped to', ssi ?? null, leaf.map, `map/1\n${ssi}\n${provider ?? ''}`),
    ...fingerprintClaims(stringsOf(members['fingerprints']), leaf),
    ...(await listClaim(members['list'], leaf)),
    ...text('Case', caseId ?? null, leaf.caseId, `case/1\n${caseId}`),
  ];
  const checked = claims.map(async ({ name, value, committed, isShown, message }): Promise<OpenedFact> => {
    if (value === null) return { name, value: 'not told', holds: false };
    if (committed === null) return { name, value, holds: null };
    return { name, value, holds: (isShown === true ? value : await commitmentOf(opening, message)) === committed };
  });
  const rest = Object.entries(members)
    .filter(([name]) => !KNOWN.has(name))
    .map(([name, value]): OpenedFact => ({ name, value: JSON.stringify(value) ?? '', holds: null }));
  const same = [...plain('Entry', members['index'], index), ...plain('Kind', members['kind'], leaf.kind)];
  return [...same, ...(await Promise.all(checked)), ...rest];
};

/** Asks the gateway for an opening: the browser's client certificate says who asks, and the gateway writes a leaf about it. */
export const askOpening = async (base: string, index: number, caseId: string, leaf: Leaf): Promise<OpeningAnswer> => {
  const url = new URL(`../v1/entries/${index}/opening?${new URLSearchParams({ case: caseId })}`, base);
  const response = await fetch(url, { cache: 'no-store' }).catch(() => null);
  if (response === null) return { state: 'unreachable' };
  const members = parseMembers(await response.text().catch(() => ''));
  if (response.ok && members !== null) return { state: 'opened', facts: await checkOpening(members, index, leaf) };
  return {
    state: 'refused',
    status: response.status,
    title: stringOf(members?.['title']) ?? 'there is no such answer here',
    reason: stringOf(members?.['reason']),
    detail: stringOf(members?.['detail']),
  };
};
