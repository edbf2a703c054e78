import { hash } from 'node:crypto';
import { documentsOfPlan, type NumberingPlan } from '../numbering/index.js';
import type { Authorizer, GatewayPolicy } from '../policy/index.js';
import type { Crl } from '../x509/index.js';
import type { TrustProfile, Versions } from './verdict.js';

/** What an anchor may speak for: calling codes, for `email` exact domains; an empty list: nothing. */
export type Scope = 'any' | readonly string[];

export interface AnchorMaterial {
  readonly profile: TrustProfile;
  /** DER. */
  readonly certificate: Uint8Array;
  readonly speaksFor: Scope;
}

/** Everything that a verdict depends on besides the PASSporT, its path, its presenter and the time. */
export interface Material {
  readonly anchors: readonly AnchorMaterial[];
  /**
   * Profiles of which not all anchors are known now: a trust list is named that has run out or was never had. Nobody is accepted under an anchor that is
   * not here; but that it is not here says nothing of what was registered under it.
   */
  readonly silent?: readonly TrustProfile[];
  /** DER of anchors for the signers of CRLs alone; never anchors for PASSporTs. */
  readonly crlAnchors: readonly Uint8Array[];
  /** DER, or parsed already: a generation never reads a large CRL in one go. */
  readonly crls: readonly (Uint8Array | Crl)[];
  readonly crlSigners: readonly Uint8Array[];
  /** DER of certificates that came with fetched CRLs, named by nobody: `CrlSetInput.offered`. */
  readonly offeredSigners?: readonly Uint8Array[];
  readonly numbering: NumberingPlan;
  readonly policy: GatewayPolicy;
  readonly authorizer: Authorizer;
}

const digestOfText = (text: string): string => hash('sha256', text, 'hex');
const fingerprintOf = (der: Uint8Array): string => hash('sha256', der, 'hex');
const crlDigest = (crl: Uint8Array | Crl): string => (crl instanceof Uint8Array ? fingerprintOf(crl) : crl.digest);

const scopeText = (scope: readonly string[]): string => JSON.stringify([...scope].sort());

/** One list is often the scope of many anchors: digested once. */
const scopeDigests = (anchors: readonly AnchorMaterial[]): Map<Scope, string> =>
  new Map(
    [...new Set(anchors.map(({ speaksFor }) => speaksFor))].map((scope) => [
      scope,
      scope === 'any' ? 'any' : digestOfText(scopeText(scope)),
    ]),
  );

const anchorLines = (anchors: readonly AnchorMaterial[]): string[] => {
  const scopes = scopeDigests(anchors);
  return anchors.map(({ profile, certificate, speaksFor }) => `${profile} ${fingerprintOf(certificate)} ${scopes.get(speaksFor) ?? ''}`);
};

const trustText = ({ anchors, crlAnchors }: Material): string =>
  JSON.stringify([...anchorLines(anchors).sort(), ...crlAnchors.map((der) => `crl ${fingerprintOf(der)}`).sort()]);

const statusText = ({ crls, crlSigners, offeredSigners = [] }: Material): string =>
  JSON.stringify([
    ...crls.map(crlDigest).sort(),
    ...crlSigners.map((der) => `signer ${fingerprintOf(der)}`).sort(),
    ...offeredSigners.map((der) => `offered ${fingerprintOf(der)}`).sort(),
  ]);

const policyText = ({ authorizer, policy }: Material): string => JSON.stringify([authorizer.version, JSON.stringify(policy)]);

const sortedBy = <T>(values: readonly T[], keys: readonly string[]): T[] =>
  values
    .map((value, i) => ({ value, key: keys[i] ?? '' }))
    .sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)))
    .map(({ value }) => value);

/** In the order of the digests: that of files may decide which of two equal anchors a path ends in, and no version tells it. */
export const inOrder = (material: Material): Material => ({
  ...material,
  anchors: sortedBy(material.anchors, anchorLines(material.anchors)),
  crlAnchors: sortedBy(material.crlAnchors, material.crlAnchors.map(fingerprintOf)),
  crls: sortedBy(material.crls, material.crls.map(crlDigest)),
  crlSigners: sortedBy(material.crlSigners, material.crlSigners.map(fingerprintOf)),
  offeredSigners: sortedBy(material.offeredSigners ?? [], (material.offeredSigners ?? []).map(fingerprintOf)),
});

/** Lower-case hex digests of the four kinds of material; sorted, so that the order of files says nothing. */
export const versionsOfMaterial = (material: Material): Versions => ({
  trust: digestOfText(trustText(material)),
  revocation: digestOfText(statusText(material)),
  numbering: material.numbering.version,
  policy: digestOfText(policyText(material)),
});

/** Something under the SHA-256 of its octets, lower-case hex. */
export interface MaterialDocument {
  readonly digest: string;
  /** The octets in order; each piece is to be used before the next is asked for. */
  pieces(): Iterable<Uint8Array>;
}

const textDocument = (text: string): MaterialDocument => ({ digest: digestOfText(text), pieces: () => [Buffer.from(text)] });
const derDocument = (der: Uint8Array): MaterialDocument => ({ digest: fingerprintOf(der), pieces: () => [der] });

/**
 * What the versions are digests of, and what that names by digest in turn: `materialOfDocuments` makes the same material of it. Those that name others
 * come after them.
 */
export function* documentsOf(material: Material): Generator<MaterialDocument> {
  const { anchors, crlAnchors, crls, crlSigners, offeredSigners = [], numbering, authorizer } = material;
  for (const { certificate } of anchors) yield derDocument(certificate);
  for (const scope of scopeDigests(anchors).keys()) if (scope !== 'any') yield textDocument(scopeText(scope));
  for (const der of [...crlAnchors, ...crlSigners, ...offeredSigners]) yield derDocument(der);
  for (const crl of crls) yield crl instanceof Uint8Array ? derDocument(crl) : { digest: crl.digest, pieces: () => [crl.der] };
  yield* documentsOfPlan(numbering);
  yield { digest: authorizer.version, pieces: () => [Buffer.from(authorizer.document)] };
  for (const text of [trustText(material), statusText(material), policyText(material)]) yield textDocument(text);
}
