import { fromBase64, fromBase64url, toBase64url, utf8, type Octets } from '../proof/octets.js';
import { parseMembers, stringOf, type Members } from './json.js';
import type { Leaf } from './leaf.js';

export interface OpenedEntry {
  readonly sii: string | null;
  readonly ssi: string | null;
  readonly provider: string | null;
  /** What an opened commitment is that of the leaf: true or false; null where the leaf or the opening has none. */
  readonly siiHolds: boolean | null;
  readonly mappingHolds: boolean | null;
  /** Whatever else the gateway told. */
  readonly rest: Members;
}

export type OpeningAnswer =
  | { readonly state: 'opened'; readonly entry: OpenedEntry }
  | {
      readonly state: 'refused';
      readonly status: number;
      readonly title: string;
      readonly reason: string | null;
      readonly detail: string | null;
    }
  | { readonly state: 'unreachable' };

/** HMAC-SHA-256 under the opening: what a leaf says of personal values (docs/log-format.md). */
const commitmentOf = async (opening: Octets, message: string): Promise<Octets> => {
  const key = await crypto.subtle.importKey('raw', opening, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, utf8(message)));
};

const holds = async (committed: string | null, opening: Octets | null, messages: readonly string[]): Promise<boolean | null> => {
  if (committed === null || messages.length === 0) return null;
  if (opening === null) return false;
  const values = await Promise.all(messages.map((message) => commitmentOf(opening, message)));
  return values.some((value) => toBase64url(value) === committed);
};

const octetsOf = (text: string | null): Octets | null => {
  const octets = text === null ? null : (fromBase64url(text) ?? fromBase64(text));
  return octets?.length === 32 ? octets : null;
};

/** What the gateway says an entry is about, held against the commitments of the leaf that this browser has proven. */
export const checkOpening = async (members: Members, leaf: Leaf): Promise<OpenedEntry> => {
  const { opening: secret, sii: openedSii, ssi: openedSsi, provider: openedProvider, ...rest } = members;
  const opening = octetsOf(stringOf(secret));
  const [sii, ssi, provider] = [stringOf(openedSii), stringOf(openedSsi), stringOf(openedProvider)];
  // A refused PASSporT's mapping is committed to without a provider: nobody had shown whose it was.
  const mappings = ssi === null ? [] : [`map/1\n${ssi}\n${provider ?? ''}`, `map/1\n${ssi}\n`];
  return {
    sii,
    ssi,
    provider,
    siiHolds: await holds(leaf.sii, opening, sii === null ? [] : [`sii/1\n${sii}`]),
    mappingHolds: await holds(leaf.map, opening, mappings),
    rest,
  };
};

/** Asks the gateway for an opening: the browser's client certificate says who asks, and the gateway writes a leaf about it. */
export const askOpening = async (base: string, index: number, caseId: string, leaf: Leaf): Promise<OpeningAnswer> => {
  const url = new URL(`../v1/entries/${index}/opening?${new URLSearchParams({ case: caseId })}`, base);
  const response = await fetch(url, { cache: 'no-store' }).catch(() => null);
  if (response === null) return { state: 'unreachable' };
  const members = parseMembers(await response.text().catch(() => ''));
  if (response.ok && members !== null) return { state: 'opened', entry: await checkOpening(members, leaf) };
  return {
    state: 'refused',
    status: response.status,
    title: stringOf(members?.['title']) ?? 'there is no such answer here',
    reason: stringOf(members?.['reason']),
    detail: stringOf(members?.['detail']),
  };
};
