import type { Certificate } from './certificate.js';
import type { Revocation, TimelessRevocation } from './crl-entry.js';
import type { Crl } from './crl.js';
import { anyPoint, isInScope, reasonsCovered, type StatusPoint } from './crl-scope.js';
import { isSpent } from './crl-set.js';
import type { DistinguishedName } from './distinguished-name.js';
import { judgeSigner, signerAmongAnchors, signerOnPath, signersHandedIn, type SignerContext } from './crl-signer.js';

/** What the CRLs of one point say. */
export interface Answer {
  readonly covered: number;
  readonly used: readonly Crl[];
  readonly revocation: Revocation | null;
  /** The numbers of one scope run against its times: which CRL is the latest cannot be told. */
  readonly rolledBack: boolean;
}

/** The CRLs that may decide about certificates of one issuer, as reached through one point. */
export interface Counting {
  /** Complete ones, the latest of each scope; then the deltas beside them, which prove nobody good. */
  readonly latest: readonly Crl[];
  readonly deltas: readonly Crl[];
  readonly rolledBack: boolean;
}

/** RFC 5280 section 5.2.3: the highest number of a scope is the latest, and was issued last. */
const latestOf = (crls: readonly Crl[]): { readonly latest: readonly Crl[]; readonly rolledBack: boolean } => {
  if (crls.length < 2) return { latest: crls, rolledBack: false };
  const scopes = new Map<string, Crl[]>();
  for (const crl of crls) {
    const ofScope = scopes.get(crl.scope);
    if (ofScope === undefined) scopes.set(crl.scope, [crl]);
    else ofScope.push(crl);
  }
  const latest: Crl[] = [];
  let rolledBack = false;
  for (const scope of scopes.values()) {
    const highest = scope.reduce((best, { number }) => (number !== null && number > best ? number : best), -1n);
    const first = scope.filter(({ number }) => number === highest);
    const issued = Math.min(...first.map(({ thisUpdate }) => thisUpdate));
    if (scope.some(({ number, thisUpdate }) => number !== highest && thisUpdate > issued)) rolledBack = true;
    else latest.push(...first);
  }
  return { latest, rolledBack };
};

/** RFC 5280 section 6.3.3 (c): a delta counts beside a complete CRL of its scope only while its number is higher. */
const newDeltas = (crls: readonly Crl[], latest: readonly Crl[]): readonly Crl[] =>
  crls.filter((delta) => delta.isDelta && !latest.some((crl) => crl.scope === delta.scope && (crl.number ?? 0n) >= (delta.number ?? 0n)));

/** RFC 5280 section 5.2.4: the deltas that may be combined with a complete CRL: of its scope and signer, begun no later than it. */
const latestDeltaOf = (complete: Crl, deltas: readonly Crl[]): Crl | undefined =>
  deltas
    .filter(({ scope, baseNumber }) => scope === complete.scope && baseNumber !== null && baseNumber <= (complete.number ?? -1n))
    .filter((delta) => sameOctets(delta.authorityKeyIdentifier, complete.authorityKeyIdentifier))
    .reduce<Crl | undefined>((best, delta) => ((delta.number ?? -1n) > (best?.number ?? -1n) ? delta : best), undefined);

const sameOctets = (a: Uint8Array | null, b: Uint8Array | null): boolean =>
  Buffer.compare(a ?? new Uint8Array(), b ?? new Uint8Array()) === 0;

/** The delta among others that takes a hold of this CRL back; null where none does, and for every other reason: only a hold is ever taken back. */
export const liftingDelta = (
  { reason }: TimelessRevocation,
  crl: Crl,
  others: readonly Crl[],
  issuer: DistinguishedName,
  serial: Uint8Array,
): Crl | null => {
  const delta = reason === 'certificateHold' ? latestDeltaOf(crl, others) : undefined;
  return delta?.find(issuer, serial)?.reason === 'removeFromCRL' ? delta : null;
};

/** Status along one path. Paths of CRL signers are asked in the same way, with the signers in question held to be good meanwhile. */
export class StatusReader {
  readonly #context: SignerContext;
  readonly #anyIssuer: boolean;
  readonly #inQuestion: readonly Certificate[];

  constructor(context: SignerContext, anyIssuer: boolean, inQuestion: readonly Certificate[] = []) {
    this.#context = context;
    this.#anyIssuer = anyIssuer;
    this.#inQuestion = inQuestion;
  }

  ask(position: number, point: StatusPoint): Answer {
    const certificate = this.#context.chain[position];
    const issuer = this.#context.chain[position + 1];
    let revocation: Revocation | null = null;
    if (certificate === undefined || issuer === undefined) return { covered: 0, used: [], revocation, rolledBack: false };
    const { latest, deltas, rolledBack } = this.counting(position, point, certificate);
    const used = [...latest];
    for (const crl of [...latest, ...deltas]) {
      const found = crl.find(issuer.subject, certificate.serial);
      // RFC 5280 section 6.3.3 (k).
      if (found === null || found.reason === 'removeFromCRL') continue;
      const lifting = liftingDelta(found, crl, deltas, issuer.subject, certificate.serial);
      if (lifting === null) revocation ??= found;
      else used.push(lifting);
    }
    return { covered: latest.reduce((mask, crl) => mask | reasonsCovered(crl, point), 0), used, revocation, rolledBack };
  }

  /** Which CRLs count for a certificate at that position. Of the certificate itself only what kind it is plays a part. */
  counting(position: number, point: StatusPoint, certificate: Pick<Certificate, 'basicConstraints'>): Counting {
    if (isSpent(this.#context.budget)) return { latest: [], deltas: [], rolledBack: false };
    const good = this.#candidates(point).filter((crl) => this.#mayDecide(crl, position, point, certificate));
    const { latest, rolledBack } = latestOf(good.filter(({ isDelta }) => !isDelta));
    return { latest, deltas: newDeltas(good, latest), rolledBack };
  }

  /** Whether a CRL at hand lists the certificate, or the latest of them cannot be told. */
  isDoubtful(position: number): boolean {
    const issuer = this.#context.chain[position + 1];
    if (issuer === undefined) return false;
    const { revocation, rolledBack } = this.ask(position, anyPoint(issuer.subject));
    return revocation !== null || rolledBack;
  }

  #candidates(point: StatusPoint): readonly Crl[] {
    const { set } = this.#context;
    const [issuer, ...more] = point.issuers;
    const others = point.any || (this.#anyIssuer && !point.namesIssuer);
    if (issuer !== undefined && more.length === 0 && !others) return set.issuedBy(issuer);
    const found = new Set(point.issuers.flatMap((name) => set.issuedBy(name)));
    if (others) for (const crl of set.indirect) found.add(crl);
    return [...found];
  }

  #mayDecide(crl: Crl, position: number, point: StatusPoint, certificate: Pick<Certificate, 'basicConstraints'>): boolean {
    const { second, budget, rules } = this.#context;
    budget.looks -= 1;
    if (budget.looks < 0 || crl.unusable !== null) return false;
    // RFC 5280 section 5.1.2.5: by nextUpdate the next one is out, so this one no longer counts.
    if (crl.thisUpdate > second || crl.nextUpdate === null || second >= crl.nextUpdate) return false;
    if (!isInScope(crl, certificate, point, this.#anyIssuer) || reasonsCovered(crl, point) === 0) return false;
    if (!this.#isAuthorised(crl, position, !point.any && !point.issuerKeys.has(crl.issuer.key))) return false;
    return !(rules.conforming && crl.repeats);
  }

  /** RFC 5280 section 6.3.3 (f) and (g), with the signers of profiles, "Revocation". */
  #isAuthorised(crl: Crl, position: number, onlyUnderCrlAnchor: boolean): boolean {
    if (!onlyUnderCrlAnchor && signerOnPath(crl, position, this.#context) !== null) return true;
    if (signerAmongAnchors(crl, this.#context) !== null) return true;
    return signersHandedIn(crl, this.#context).some((signer) => this.#isSignerGood(signer, position, onlyUnderCrlAnchor));
  }

  /** A signer that a CRL at hand revokes signs nothing that counts; without a CRL about it, it is good. */
  #isSignerGood(signer: Certificate, position: number, onlyUnderCrlAnchor: boolean): boolean {
    if (this.#inQuestion.includes(signer)) return true;
    const path = judgeSigner(signer, position, this.#context);
    if (path === null || (onlyUnderCrlAnchor && !path.underCrlAnchor)) return false;
    const { certificates } = path.judged;
    const reader = new StatusReader({ ...this.#context, chain: certificates }, this.#anyIssuer, [...this.#inQuestion, signer]);
    return certificates.every((certificate, i) => this.#context.chain.includes(certificate) || !reader.isDoubtful(i));
  }
}
