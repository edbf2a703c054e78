import { refuse, type Reason } from '../reasons/index.js';
import type { Certificate } from './certificate.js';
import type { Revocation } from './crl-entry.js';
import type { Crl } from './crl.js';
import { ALL_REASONS, type StatusPoint } from './crl-scope.js';
import { isSpent, type Budget, type CrlSet } from './crl-set.js';
import { OcspReader, namesResponder, type OcspEvidence, type OcspInput } from './ocsp-status.js';
import { blaming } from './path-form.js';
import { MAX_SIGNATURE_CHECKS, newWorkBudget, type PathRules } from './path-rules.js';
import { assumedPointOf, namedPoints } from './status-points.js';
import { StatusReader } from './status-reader.js';

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
  /** OCSP responses at hand: another way to a status. Absent: there are none, and nobody could be asked for any. */
  readonly ocsp?: OcspInput | undefined;
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
  /** `good`: a CRL of the certificate's scope was read and does not list it, or a responder says so. The others: neither had to be. */
  readonly status: 'good' | 'short-lived' | 'not-named';
  readonly crls: readonly CrlEvidence[];
  /** The OCSP response that the status rests on, where no CRL decides. */
  readonly ocsp?: OcspEvidence;
}

export interface RevocationEvidence {
  readonly mode: RevocationMode;
  readonly certificates: readonly CertificateStatus[];
  /**
   * Seconds: the judgement holds from the latest thisUpdate, until before the earliest nextUpdate or the start of the next CRL in the set, and no
   * longer than the same signers of CRLs are valid; null: no end.
   */
  readonly from: number;
  readonly until: number | null;
}

/** Why the path may not be used, with what the CRL says where it lists a certificate. */
export interface RevocationProblem {
  readonly reason: 'cert-revoked' | 'status-unavailable' | 'no-status-source' | 'malformed-crl';
  readonly position: number;
  readonly revocation: Revocation | null;
}

/** More than any honest set of CRLs and signers needs; bound what hostile ones cost. */
const MAX_TRIES = 2000;
const MAX_LOOKS = 10_000;

export const newStatusBudget = (rules: PathRules): Budget => ({
  signatures: MAX_SIGNATURE_CHECKS,
  tries: MAX_TRIES,
  looks: MAX_LOOKS,
  paths: newWorkBudget(rules),
});

const evidenceOf = (crl: Crl): CrlEvidence => ({
  digest: crl.digest,
  number: String(crl.number),
  thisUpdate: crl.thisUpdate,
  nextUpdate: crl.nextUpdate ?? crl.thisUpdate,
});

class Judgement {
  readonly #input: RevocationInput;
  readonly #reader: StatusReader;
  readonly #ocsp: OcspReader | null;
  readonly #second: number;
  readonly #budget: Budget;
  /** Seconds: when responders that a status rests on may no longer answer. */
  readonly #ends: number[] = [];

  constructor(input: RevocationInput) {
    this.#input = input;
    this.#second = Math.floor(input.at / 1000);
    this.#budget = newStatusBudget(input.rules);
    const context = { chain: input.path, set: input.crls, rules: input.rules, second: this.#second, budget: this.#budget };
    this.#reader = new StatusReader(context, input.crlAnchorsServePoints === true);
    this.#ocsp = input.ocsp === undefined ? null : new OcspReader(context, input.crlAnchorsServePoints === true, input.ocsp);
  }

  /** From the anchor down: the CRLs that an issuer signs count only once the issuer itself is good. */
  run(): RevocationEvidence | RevocationProblem {
    const certificates: CertificateStatus[] = [];
    for (let position = this.#input.path.length - 2; position >= 0; position -= 1) {
      const status = blaming(position, () => this.#statusAt(position));
      if ('reason' in status) return status;
      certificates.push(status);
    }
    return this.#evidence(certificates.toReversed());
  }

  /** Whoever says revoked is believed; good is enough from one (docs/adr/0006). CRLs go before OCSP: they were at hand without asking anybody. */
  #statusAt(position: number): CertificateStatus | RevocationProblem {
    const byCrl = this.#statusByCrl(position);
    const revokedByCrl = 'reason' in byCrl && byCrl.reason === 'cert-revoked';
    if (this.#ocsp === null || revokedByCrl) return byCrl;
    const { revocation, good, until } = this.#ocsp.ask(position);
    if (revocation !== null) return { reason: 'cert-revoked', position, revocation };
    if (!('reason' in byCrl)) return byCrl;
    if (isSpent(this.#budget)) return { reason: 'status-unavailable', position, revocation: null };
    if (good !== null) {
      this.#ends.push(until);
      return { position, status: 'good', crls: [], ocsp: good };
    }
    const certificate = this.#input.path[position];
    // What names a responder names a source, though it has not answered.
    const isNamed = byCrl.reason === 'no-status-source' && certificate !== undefined && namesResponder(certificate);
    return isNamed ? { ...byCrl, reason: 'status-unavailable' } : byCrl;
  }

  #statusByCrl(position: number): CertificateStatus | RevocationProblem {
    const certificate = this.#input.path[position] as Certificate;
    const issuer = this.#input.path[position + 1] as Certificate;
    const named = namedPoints(certificate.crlDistributionPoints, issuer);
    if (named.length > 0) return this.#decide(position, named, 'status-unavailable');
    const point = assumedPointOf(issuer);
    const isSpared = this.#input.mode === 'when-named' || this.#isShortLived(certificate, position);
    if (!isSpared) {
      const isAnyAtHand = this.#input.crls.issuedBy(issuer.subject).length > 0;
      return this.#decide(position, [point], isAnyAtHand ? 'status-unavailable' : 'no-status-source');
    }
    const { revocation, used } = this.#reader.ask(position, point);
    if (revocation !== null) return { reason: 'cert-revoked', position, revocation };
    if (isSpent(this.#budget)) return { reason: 'status-unavailable', position, revocation };
    return { position, status: this.#input.mode === 'when-named' ? 'not-named' : 'short-lived', crls: used.map(evidenceOf) };
  }

  /** RFC 5280 section 6.3.3: good once CRLs for all reasons were read and none lists the certificate. Every point is asked, so their order decides nothing. */
  #decide(position: number, asked: readonly StatusPoint[], otherwise: RevocationProblem['reason']): CertificateStatus | RevocationProblem {
    const answers = asked.map((point) => this.#reader.ask(position, point));
    const revoked = answers.find(({ revocation }) => revocation !== null);
    if (revoked !== undefined) return { reason: 'cert-revoked', position, revocation: revoked.revocation };
    if (isSpent(this.#budget)) return { reason: 'status-unavailable', position, revocation: null };
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
    const used = certificates.flatMap(({ crls, ocsp }) => [...crls, ...(ocsp === undefined ? [] : [ocsp])]);
    const until = Math.min(this.#input.crls.nextChange(this.#second), ...used.map(({ nextUpdate }) => nextUpdate), ...this.#ends);
    return {
      mode: this.#input.mode,
      certificates,
      from: Math.max(this.#input.crls.signersSince(this.#second), ...used.map(({ thisUpdate }) => thisUpdate)),
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
  'cert-revoked': 'a CRL lists it, or its responder says so',
  'status-unavailable': 'no CRL that may decide covers all reasons, and no responder says that it is good',
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
