import { refuse, type Reason } from '../reasons/index.js';
import type { Certificate } from './certificate.js';
import type { Revocation } from './crl-entries.js';
import type { Crl } from './crl.js';
import { ALL_REASONS, anyPoint, assumedPoint, isInScope, reasonsCovered, statusPoint, type StatusPoint } from './crl-scope.js';
import type { Budget, CrlSet } from './crl-set.js';
import { judgeSigner, signerAmongAnchors, signerOnPath, signersHandedIn, type SignerContext } from './crl-signer.js';
import type { DistributionPoint } from './extension-values.js';
import { MAX_SIGNATURE_CHECKS, type PathRules } from './path-rules.js';

export type RevocationMode = 'off' | 'when-named' | 'required';

export interface RevocationInput {
  /** A judged path: end-entity first, the anchor last. The anchor is not looked up. */
  readonly path: readonly Certificate[];
  readonly crls: CrlSet;
  readonly rules: PathRules;
  /** ms since 1970; cut to whole seconds. */
  readonly at: number;
  readonly mode: RevocationMode;
  /** An end-entity that lives at most so many seconds and names no distribution point needs no CRL; 0, the default: none is spared. */
  readonly shortLivedSeconds?: number;
  /** Profiles, "`shaken` and the field": a point without cRLIssuer may be served by an indirect CRL whose signer is under an anchor for CRLs. */
  readonly crlAnchorsServePoints?: boolean;
}

/** The CRL that a status rests on. Times are seconds. */
export interface CrlEvidence {
  /** Lower-case hex SHA-256. */
  readonly digest: string;
  /** Decimal. */
  readonly number: string;
  readonly thisUpdate: number;
  readonly nextUpdate: number;
}

export interface CertificateStatus {
  readonly position: number;
  /** `good`: a CRL of the certificate's scope was read and does not list it. The others: none had to be. */
  readonly status: 'good' | 'short-lived' | 'not-named';
  readonly crls: readonly CrlEvidence[];
}

export interface RevocationEvidence {
  readonly mode: RevocationMode;
  readonly certificates: readonly CertificateStatus[];
  /** Seconds: the judgement holds from the latest thisUpdate, until before the earliest nextUpdate or the start of the next CRL in the set; null: no end. */
  readonly from: number;
  readonly until: number | null;
}

/** Why the path may not be used, with what the CRL says where it lists a certificate. */
export interface RevocationProblem {
  readonly reason: 'cert-revoked' | 'status-unavailable' | 'no-status-source' | 'malformed-crl';
  readonly position: number;
  readonly revocation: Revocation | null;
}

/** More than any honest set of CRLs and signers needs; bounds hostile ones. */
const MAX_TRIES = 2000;

/** What the CRLs of one point say. */
interface Answer {
  readonly covered: number;
  readonly used: readonly Crl[];
  readonly revocation: Revocation | null;
  /** The numbers of one scope run against its times: which CRL is the latest cannot be told. */
  readonly rolledBack: boolean;
}

const points = new WeakMap<DistributionPoint, StatusPoint>();
const assumed = new WeakMap<Certificate, StatusPoint>();

const pointsOf = (certificate: Certificate, issuer: Certificate): readonly StatusPoint[] =>
  (certificate.crlDistributionPoints ?? []).map((point) => {
    let read = points.get(point);
    if (read === undefined) {
      read = statusPoint(point, issuer.subject);
      points.set(point, read);
    }
    return read;
  });

const assumedPointOf = (issuer: Certificate): StatusPoint => {
  let point = assumed.get(issuer);
  if (point === undefined) {
    point = assumedPoint(issuer.subject);
    assumed.set(issuer, point);
  }
  return point;
};

/** RFC 5280 section 5.2.3: the highest number of a scope is the latest, and was issued last. */
const latestOf = (crls: readonly Crl[]): { readonly latest: readonly Crl[]; readonly rolledBack: boolean } => {
  if (crls.length < 2) return { latest: crls, rolledBack: false };
  const scopes = new Map<string, Crl[]>();
  for (const crl of crls) scopes.set(crl.scope, [...(scopes.get(crl.scope) ?? []), crl]);
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

/** Status along one path. Paths of CRL signers are asked in the same way, with the signers in question held to be good meanwhile. */
class StatusReader {
  readonly #context: SignerContext;
  readonly #anyIssuer: boolean;
  readonly #inQuestion: readonly Certificate[];

  constructor(context: SignerContext, anyIssuer: boolean, inQuestion: readonly Certificate[] = []) {
    this.#context = context;
    this.#anyIssuer = anyIssuer;
    this.#inQuestion = inQuestion;
  }

  ask(position: number, point: StatusPoint): Answer {
    const good = this.#candidates(point).filter((crl) => this.#mayDecide(crl, position, point));
    const { latest, rolledBack } = latestOf(good.filter(({ isDelta }) => !isDelta));
    const certificate = this.#context.chain[position];
    const issuer = this.#context.chain[position + 1];
    let revocation: Revocation | null = null;
    if (certificate === undefined || issuer === undefined) return { covered: 0, used: [], revocation, rolledBack };
    for (const crl of [...latest, ...newDeltas(good, latest)]) {
      const found = crl.find(issuer.subject, certificate.serial);
      // RFC 5280 section 6.3.3 (k).
      if (found !== null && found.reason !== 'removeFromCRL') revocation ??= found;
    }
    return { covered: latest.reduce((mask, crl) => mask | reasonsCovered(crl, point), 0), used: latest, revocation, rolledBack };
  }

  /** What any CRL at hand lists of the certificate. */
  listed(position: number): Revocation | null {
    const issuer = this.#context.chain[position + 1];
    return issuer === undefined ? null : this.ask(position, anyPoint(issuer.subject)).revocation;
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

  #mayDecide(crl: Crl, position: number, point: StatusPoint): boolean {
    const { chain, second } = this.#context;
    const certificate = chain[position];
    if (certificate === undefined || crl.unusable !== null) return false;
    // RFC 5280 section 5.1.2.5: by nextUpdate the next one is out, so this one no longer counts.
    if (crl.thisUpdate > second || crl.nextUpdate === null || second >= crl.nextUpdate) return false;
    if (!isInScope(crl, certificate, point, this.#anyIssuer) || reasonsCovered(crl, point) === 0) return false;
    return this.#isAuthorised(crl, position, !point.any && !point.issuers.some((issuer) => issuer.equals(crl.issuer)));
  }

  /** RFC 5280 section 6.3.3 (f) and (g), with the signers of profiles, "Revocation". */
  #isAuthorised(crl: Crl, position: number, onlyUnderCrlAnchor: boolean): boolean {
    if (!onlyUnderCrlAnchor && signerOnPath(crl, position, this.#context) !== null) return true;
    if (signerAmongAnchors(crl, this.#context) !== null) return true;
    return signersHandedIn(crl, this.#context).some((signer) => this.#isSignerGood(signer, onlyUnderCrlAnchor));
  }

  /** A signer that a CRL at hand revokes signs nothing that counts; without a CRL about it, it is good. */
  #isSignerGood(signer: Certificate, onlyUnderCrlAnchor: boolean): boolean {
    if (this.#inQuestion.includes(signer)) return true;
    const path = judgeSigner(signer, this.#context);
    if (path === null || (onlyUnderCrlAnchor && !path.underCrlAnchor)) return false;
    const { certificates } = path.judged;
    const reader = new StatusReader({ ...this.#context, chain: certificates }, this.#anyIssuer, [...this.#inQuestion, signer]);
    return certificates.every((certificate, i) => this.#context.chain.includes(certificate) || reader.listed(i) === null);
  }
}

const evidenceOf = (crl: Crl): CrlEvidence => ({
  digest: crl.digest,
  number: String(crl.number),
  thisUpdate: crl.thisUpdate,
  nextUpdate: crl.nextUpdate ?? crl.thisUpdate,
});

class Judgement {
  readonly #input: RevocationInput;
  readonly #reader: StatusReader;
  readonly #second: number;

  constructor(input: RevocationInput) {
    this.#input = input;
    this.#second = Math.floor(input.at / 1000);
    const budget: Budget = { signatures: MAX_SIGNATURE_CHECKS, tries: MAX_TRIES };
    const context = { chain: input.path, set: input.crls, rules: input.rules, second: this.#second, budget };
    this.#reader = new StatusReader(context, input.crlAnchorsServePoints === true);
  }

  /** From the anchor down: the CRLs that an issuer signs count only once the issuer itself is good. */
  run(): RevocationEvidence | RevocationProblem {
    const certificates: CertificateStatus[] = [];
    for (let position = this.#input.path.length - 2; position >= 0; position -= 1) {
      const status = this.#statusAt(position);
      if ('reason' in status) return status;
      certificates.push(status);
    }
    return this.#evidence(certificates.toReversed());
  }

  #statusAt(position: number): CertificateStatus | RevocationProblem {
    const certificate = this.#input.path[position] as Certificate;
    const issuer = this.#input.path[position + 1] as Certificate;
    const named = pointsOf(certificate, issuer);
    if (named.length > 0) return this.#decide(position, named, 'status-unavailable');
    const point = assumedPointOf(issuer);
    const isSpared = this.#input.mode === 'when-named' || this.#isShortLived(certificate, position);
    if (!isSpared) {
      const isAnyAtHand = this.#input.crls.issuedBy(issuer.subject).length > 0;
      return this.#decide(position, [point], isAnyAtHand ? 'status-unavailable' : 'no-status-source');
    }
    const { revocation, used } = this.#reader.ask(position, point);
    if (revocation !== null) return { reason: 'cert-revoked', position, revocation };
    return { position, status: this.#input.mode === 'when-named' ? 'not-named' : 'short-lived', crls: used.map(evidenceOf) };
  }

  /** RFC 5280 section 6.3.3: good once CRLs for all reasons were read and none lists the certificate. Every point is asked, so their order decides nothing. */
  #decide(position: number, asked: readonly StatusPoint[], otherwise: RevocationProblem['reason']): CertificateStatus | RevocationProblem {
    const answers = asked.map((point) => this.#reader.ask(position, point));
    const revoked = answers.find(({ revocation }) => revocation !== null);
    if (revoked !== undefined) return { reason: 'cert-revoked', position, revocation: revoked.revocation };
    const covered = answers.reduce((mask, answer) => mask | answer.covered, 0);
    if (covered !== ALL_REASONS || answers.some(({ rolledBack }) => rolledBack)) {
      return { reason: this.#input.crls.malformed > 0 ? 'malformed-crl' : otherwise, position, revocation: null };
    }
    return { position, status: 'good', crls: [...new Set(answers.flatMap(({ used }) => used))].map(evidenceOf) };
  }

  #isShortLived({ notBefore, notAfter }: Certificate, position: number): boolean {
    return position === 0 && notAfter - notBefore <= (this.#input.shortLivedSeconds ?? 0);
  }

  #evidence(certificates: readonly CertificateStatus[]): RevocationEvidence {
    const used = certificates.flatMap(({ crls }) => crls);
    const until = Math.min(this.#input.crls.nextStart(this.#second), ...used.map(({ nextUpdate }) => nextUpdate));
    return {
      mode: this.#input.mode,
      certificates,
      from: Math.max(0, ...used.map(({ thisUpdate }) => thisUpdate)),
      until: Number.isFinite(until) ? until : null,
    };
  }
}

/**
 * The status of every certificate of a judged path but the anchor, or the first problem from the anchor down. Never throws for what CRLs hold,
 * but for `malformed-crl` when an entry that is asked for holds a time that is none.
 */
export const readRevocation = (input: RevocationInput): RevocationEvidence | RevocationProblem => {
  if (input.mode === 'off') return { mode: 'off', certificates: [], from: 0, until: null };
  return new Judgement(input).run();
};

const DETAIL: Partial<Record<Reason, string>> = {
  'cert-revoked': 'a CRL lists it',
  'status-unavailable': 'no CRL that may decide covers all reasons',
  'no-status-source': 'neither a distribution point nor a CRL of the issuer',
};

/**
 * Judges revocation by RFC 5280 section 6.3.3 and profiles, "Revocation". Proves that no CRL that counts lists a certificate of the path and, by `mode`,
 * that each one that needs a status has it.
 * @throws Refusal with `position`: `cert-revoked`, `status-unavailable`, `no-status-source`, `malformed-crl`
 */
export const judgeRevocation = (input: RevocationInput): RevocationEvidence => {
  const result = readRevocation(input);
  return 'reason' in result ? refuse(result.reason, DETAIL[result.reason], result.position) : result;
};
