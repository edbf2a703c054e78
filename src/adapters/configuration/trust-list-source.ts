import { decodePem } from '../../encoding/index.js';
import type { FetchOctets } from '../../ports/index.js';
import { Refusal } from '../../reasons/index.js';
import { MAX_TRUST_LIST_OCTETS, openTrustList } from '../../verification/index.js';
import type { TrustListFiles } from './trust-files.js';
import type { TrustListOctets } from './trust-list-record.js';

/** DESIGN section 11: x5u 64 KiB, 2 s: a reload may wait for it. */
const CHAIN = { maxOctets: 64 * 1024, timeoutMs: 2_000 };
/** Nobody waits for a list from a URL. */
const LIST = { maxOctets: MAX_TRUST_LIST_OCTETS, timeoutMs: 10_000 };

/** What a source has to offer now: a list, or why there is none. */
export type Offer = TrustListOctets | { readonly unavailable: string };

/** Whether the path of a list's signer must be fetched from its x5u, and from where; a host that policy does not name is never asked. */
const signerUrlOf = ({ policy, signer }: TrustListFiles, octets: Uint8Array): string | null => {
  if (signer !== null) return null;
  try {
    const { x5c, x5u } = openTrustList(octets);
    return x5c === null && x5u !== null && policy.hosts.includes(new URL(x5u).hostname) ? x5u : null;
  } catch (error) {
    // Reading it says what is wrong with it.
    if (error instanceof Refusal) return null;
    throw error;
  }
};

/** A list, with the path of its signer where that is behind its x5u. Never rejects for what the network does. */
export const offerOf = async (files: TrustListFiles, octets: Uint8Array, fetch: FetchOctets, signal: AbortSignal): Promise<Offer> => {
  const url = signerUrlOf(files, octets);
  if (url === null) return { octets, chain: files.signer };
  const pem = await attempt('its x5u', () => fetch(url, { ...CHAIN, signal }));
  return 'unavailable' in pem ? pem : { octets, chain: certificatesOf(pem.octets) };
};

/** The list behind the URL that policy names. */
export const fetchOffer = async (files: TrustListFiles, url: string, fetch: FetchOctets, signal: AbortSignal): Promise<Offer> => {
  const list = await attempt('its url', () => fetch(url, { ...LIST, signal }));
  return 'unavailable' in list ? list : await offerOf(files, list.octets, fetch, signal);
};

const attempt = async (
  what: string,
  fetch: () => Promise<Uint8Array>,
): Promise<{ readonly octets: Uint8Array } | { readonly unavailable: string }> => {
  try {
    return { octets: await fetch() };
  } catch (error) {
    return { unavailable: `${what} cannot be fetched (${error instanceof Error ? error.message : 'unknown'})` };
  }
};

/** What is no PEM of certificates is no path; judging it says so. */
const certificatesOf = (pem: Uint8Array): Uint8Array[] => {
  try {
    const blocks = decodePem(Buffer.from(pem).toString('latin1'));
    return blocks.filter(({ label }) => label === 'CERTIFICATE').map(({ der }) => der);
  } catch (error) {
    if (error instanceof Refusal) return [];
    throw error;
  }
};
