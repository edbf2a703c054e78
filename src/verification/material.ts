import { createHash } from 'node:crypto';
import type { NumberingPlan } from '../numbering/index.js';
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

const digestOf = (parts: readonly string[]): string => createHash('sha256').update(JSON.stringify(parts)).digest('hex');
const fingerprintOf = (der: Uint8Array): string => createHash('sha256').update(der).digest('hex');

/** One list is often the scope of many anchors: digested once. */
const scopeDigests = (material: Material): Map<Scope, string> =>
  new Map(
    [...new Set(material.anchors.map(({ speaksFor }) => speaksFor))].map((scope) => [
      scope,
      scope === 'any' ? 'any' : digestOf([...scope].sort()),
    ]),
  );

const trustDigest = (material: Material): string => {
  const scopes = scopeDigests(material);
  const anchors = material.anchors.map(
    ({ profile, certificate, speaksFor }) => `${profile} ${fingerprintOf(certificate)} ${scopes.get(speaksFor) ?? ''}`,
  );
  return digestOf([...anchors.sort(), ...material.crlAnchors.map((der) => `crl ${fingerprintOf(der)}`).sort()]);
};

const crlDigest = (crl: Uint8Array | Crl): string => (crl instanceof Uint8Array ? fingerprintOf(crl) : crl.digest);

const statusDigest = ({ crls, crlSigners, offeredSigners = [] }: Material): string =>
  digestOf([
    ...crls.map(crlDigest).sort(),
    ...crlSigners.map((der) => `signer ${fingerprintOf(der)}`).sort(),
    ...offeredSigners.map((der) => `offered ${fingerprintOf(der)}`).sort(),
  ]);

/** Lower-case hex digests of the four kinds of material; sorted, so that the order of files says nothing. */
export const versionsOfMaterial = (material: Material): Versions => ({
  trust: trustDigest(material),
  revocation: statusDigest(material),
  numbering: material.numbering.version,
  policy: digestOf([material.authorizer.version, JSON.stringify(material.policy)]),
});
