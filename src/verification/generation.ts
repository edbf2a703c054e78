import type { NumberingPlan } from '../numbering/index.js';
import type { HeaderCache } from '../passport/index.js';
import type { Authorizer, GatewayPolicy } from '../policy/index.js';
import { CrlSet, type Certificate, type CertificateCache } from '../x509/index.js';
import { PathCache } from './path-cache.js';
import { documentsOf, inOrder, versionsOfMaterial, type Material, type MaterialDocument, type Scope } from './material.js';
import { TRUST_PROFILES, type TrustProfile, type Versions } from './verdict.js';

/** Caches that follow from octets alone, so they outlive a generation. */
export interface Caches {
  readonly headers: HeaderCache;
  readonly certificates: CertificateCache;
}

/** The anchors of one trust profile; profiles never mix. */
export interface ProfileAnchors {
  readonly profile: TrustProfile;
  readonly certificates: readonly Certificate[];
  readonly speaksFor: ReadonlyMap<Certificate, Scope>;
  /** Every calling code or domain that an anchor of this profile names. */
  readonly names: ReadonlySet<string>;
}

/** One generation of material, read: what the steps judge under. Immutable; a reload makes another. */
export class Generation implements Caches {
  readonly headers: HeaderCache;
  readonly certificates: CertificateCache;
  readonly anchors: readonly ProfileAnchors[];
  /** `Material.silent` */
  readonly silent: ReadonlySet<TrustProfile>;
  readonly crls: CrlSet;
  readonly numbering: NumberingPlan;
  readonly policy: GatewayPolicy;
  readonly authorizer: Authorizer;
  readonly paths = new PathCache();
  readonly #material: Material;
  #versions: Versions | null = null;

  /** @throws Refusal `malformed-cert`, `duplicate-extension` when an anchor or signer of CRLs does not parse */
  constructor(given: Material, { headers, certificates }: Caches) {
    const material = inOrder(given);
    this.headers = headers;
    this.certificates = certificates;
    this.anchors = TRUST_PROFILES.map((profile) => anchorsOf(profile, material, certificates)).filter(
      (anchors) => anchors.certificates.length > 0,
    );
    this.silent = new Set(material.silent);
    this.crls = new CrlSet({
      crls: material.crls,
      signers: material.crlSigners.map((der) => certificates.parse(der)),
      offered: (material.offeredSigners ?? []).map((der) => certificates.parse(der)),
      anchors: material.crlAnchors.map((der) => certificates.parse(der)),
    });
    this.numbering = material.numbering;
    this.policy = material.policy;
    this.authorizer = material.authorizer;
    this.#material = material;
  }

  /** Digests over all material, made when they are first asked for. */
  get versions(): Versions {
    this.#versions ??= versionsOfMaterial(this.#material);
    return this.#versions;
  }

  /** What the versions are digests of. */
  documents(): Iterable<MaterialDocument> {
    return documentsOf(this.#material);
  }
}

/** One certificate named twice under a profile speaks for both scopes. */
const anchorsOf = (profile: TrustProfile, material: Material, cache: CertificateCache): ProfileAnchors => {
  const scopes = new Map<Certificate, Set<Scope>>();
  // The cache keeps only what it is asked for again, so it may give one certificate as two.
  const read = new Map<string, Certificate>();
  for (const anchor of material.anchors) {
    if (anchor.profile !== profile) continue;
    const parsed = cache.parse(anchor.certificate);
    const fingerprint = parsed.fingerprint.toString('hex');
    const certificate = read.get(fingerprint) ?? parsed;
    read.set(fingerprint, certificate);
    scopes.set(certificate, (scopes.get(certificate) ?? new Set()).add(anchor.speaksFor));
  }
  const speaksFor = new Map<Certificate, Scope>();
  const lists = new Set<Scope>();
  for (const [certificate, parts] of scopes) {
    const [only = []] = parts;
    speaksFor.set(certificate, parts.size === 1 ? only : parts.has('any') ? 'any' : [...parts].flat());
    for (const part of parts) lists.add(part);
  }
  const names = new Set([...lists].flatMap((scope) => (scope === 'any' ? [] : scope)));
  return { profile, certificates: [...speaksFor.keys()], speaksFor, names };
};
