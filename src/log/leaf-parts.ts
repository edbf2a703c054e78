import type { Signer, Versions } from '../verification/verdict.js';
import { commitFingerprint } from './commitment.js';
import type { LeafFields, LeafSigner } from './leaf.js';
import { sha256Base64url } from './sha256.js';

const base64url = (octets: Uint8Array): string => Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('base64url');

/** A judged path is cached, so the same fingerprints come again with every PASSporT of its signer. */
const spelled = new WeakMap<Uint8Array, string>();

const spell = (fingerprint: Uint8Array): string => {
  let text = spelled.get(fingerprint);
  if (text === undefined) spelled.set(fingerprint, (text = base64url(fingerprint)));
  return text;
};

/** A digest as leaves spell it. */
export const digestInLeaf = (digest: Uint8Array): string => base64url(digest);

/** A domain as leaves spell it: long ones by their digest, so that a leaf keeps within 1,024 octets. */
export const nameInLeaf = (domain: string): string => (domain.length <= 64 ? domain : `#${sha256Base64url(Buffer.from(domain))}`);

/** Who signed: fingerprints of certificates that name a number or mailbox are committed to, the others shown. */
export const signerInLeaf = (signer: Signer, opening: Uint8Array): LeafSigner => {
  const prints = signer.fingerprints.map((print, i) =>
    signer.personal[i] === false ? spell(print) : `*${commitFingerprint(opening, print)}`,
  );
  return { spc: signer.spc, dom: signer.domain === null ? null : nameInLeaf(signer.domain), iss: prints.slice(1), ee: prints[0] ?? '' };
};

let lastVersions: Versions | null = null;
let lastMembers: Pick<LeafFields, 'pol' | 'tl' | 'num' | 'rev'> | null = null;

const fromHex = (hex: string): string => Buffer.from(hex, 'hex').toString('base64url');

/** The digests of what a decision was judged under. They change when an operator reloads, so the last ones are kept. */
export const versionsInLeaf = (versions: Versions): Pick<LeafFields, 'pol' | 'tl' | 'num' | 'rev'> => {
  if (lastMembers === null || lastVersions === null || !sameVersions(lastVersions, versions)) {
    lastMembers = {
      pol: fromHex(versions.policy),
      tl: fromHex(versions.trust),
      num: fromHex(versions.numbering),
      rev: fromHex(versions.revocation),
    };
    lastVersions = versions;
  }
  return lastMembers;
};

const sameVersions = (a: Versions, b: Versions): boolean =>
  a === b || (a.policy === b.policy && a.trust === b.trust && a.numbering === b.numbering && a.revocation === b.revocation);
