import { Refusal } from '../reasons/index.js';
import type { Certificate } from './certificate.js';
import type { Revocation } from './crl-entry.js';
import { ALL_REASONS } from './crl-scope.js';
import { signerRules, type SignerContext } from './crl-signer.js';
import { KEY_USAGE, locationsOf } from './extension-values.js';
import { certIdMatcher, isKeyHashOf } from './ocsp-cert-id.js';
import type { OcspAnswer, OcspResponse, ResponderId } from './ocsp-response.js';
import { OID } from './oids.js';
import { judgePath, type JudgedPath } from './path.js';
import { assumedPointOf, namedPoints } from './status-points.js';
import { StatusReader } from './status-reader.js';
import { tnListReferencesOf } from './stir-extensions.js';

export interface OcspInput {
  readonly responses: readonly OcspResponse[];
  /** Digits of the number in question: a certificate with a TNAuthList is good for it only if its responder says so. Null: it is about no number. */
  readonly tn: string | null;
}

/** The response that a status rests on. Times are seconds. */
export interface OcspEvidence {
  /** Lower-case hex SHA-256. */
  readonly digest: string;
  readonly producedAt: number;
  readonly thisUpdate: number;
  readonly nextUpdate: number;
}

export interface OcspFinding {
  readonly revocation: Revocation | null;
  readonly good: OcspEvidence | null;
  /** Seconds: from then on whoever says good may not any more, or not for sure. */
  readonly until: number;
}

const NOTHING: OcspFinding = { revocation: null, good: null, until: 0 };

/** Where the certificate says that its status may be asked for, in order. */
export const respondersOf = (certificate: Certificate): string[] => locationsOf(certificate.authorityInfoAccess ?? [], OID.ocsp);

export const namesResponder = (certificate: Certificate): boolean => respondersOf(certificate).length > 0;

/** Whether OCSP must confirm the number too (STIR draft): the list in the certificate may be older than what its issuer knows. */
export const isAboutNumbers = (certificate: Certificate): boolean =>
  certificate.extensions.has(OID.tnAuthList) || tnListReferencesOf(certificate).length > 0;

const isResponder = (id: ResponderId, { subject, publicKey }: Certificate): boolean =>
  'name' in id ? id.name.equals(subject) : isKeyHashOf(id.keyHash, publicKey);

/** RFC 6960 section 4.2.2.2: a responder that the CA has appointed, by a certificate for this alone. */
const mayAnswer = ({ extKeyUsage, keyUsage }: Certificate): boolean =>
  extKeyUsage?.includes(OID.ocspSigning) === true && (keyUsage === null || (keyUsage.bits & KEY_USAGE.digitalSignature) !== 0);

/** OCSP status along one judged path. Proves that whoever may speak for a certificate's issuer says good or revoked of it now, and of its number. */
export class OcspReader {
  readonly #context: SignerContext;
  readonly #anyIssuer: boolean;
  readonly #input: OcspInput;

  constructor(context: SignerContext, anyIssuer: boolean, input: OcspInput) {
    this.#context = context;
    this.#anyIssuer = anyIssuer;
    this.#input = input;
  }

  /** Never throws for what responses hold. */
  ask(position: number): OcspFinding {
    const certificate = this.#context.chain[position];
    const issuer = this.#context.chain[position + 1];
    if (certificate === undefined || issuer === undefined) return NOTHING;
    if (this.#input.responses.length === 0) return NOTHING;
    const isAboutIt = certIdMatcher(certificate, issuer);
    const counting = this.#input.responses
      .map((response) => ({ response, answers: response.answers.filter((answer) => this.#isCurrent(answer) && isAboutIt(answer.id)) }))
      .filter(({ answers }) => answers.length > 0)
      .map((one) => ({ ...one, until: this.#mayAnswerUntil(one.response, position, issuer) }));
    const all = counting.flatMap(({ response, answers, until }) =>
      until === null ? [] : answers.map((answer) => ({ response, answer, until })),
    );
    const revoked = all.find(({ answer }) => answer.status === 'revoked');
    if (revoked !== undefined) return { ...NOTHING, revocation: revoked.answer.revocation };
    // Who says unknown says that it is not good (STIR draft): with another that says good, nobody could tell.
    if (all.some(({ answer }) => answer.status === 'unknown')) return NOTHING;
    const good = all.find(({ answer }) => this.#confirms(answer, certificate));
    return good === undefined ? NOTHING : { revocation: null, good: evidenceOf(good.response, good.answer), until: good.until };
  }

  /** thisUpdate <= now < nextUpdate; without nextUpdate nobody could say until when it holds. */
  #isCurrent({ thisUpdate, nextUpdate }: OcspAnswer): boolean {
    const { second } = this.#context;
    return thisUpdate <= second && nextUpdate !== null && second < nextUpdate;
  }

  #confirms({ tn }: OcspAnswer, certificate: Certificate): boolean {
    return this.#input.tn === null || !isAboutNumbers(certificate) || tn === this.#input.tn;
  }

  /**
   * RFC 6960 section 4.2.2.2: by the issuer itself, or by whom it has appointed. No other responder is trusted, whoever runs it. Until when, in seconds;
   * null: not now.
   */
  #mayAnswerUntil(response: OcspResponse, position: number, issuer: Certificate): number | null {
    if (isResponder(response.responder, issuer) && this.#isSignedBy(response, issuer)) return Infinity;
    for (const responder of response.certificates) {
      const isHeard = isResponder(response.responder, responder) && mayAnswer(responder) && this.#isSignedBy(response, responder);
      const until = isHeard ? this.#appointedUntil(responder, position) : null;
      if (until !== null) return until;
    }
    return null;
  }

  #isSignedBy(response: OcspResponse, { publicKey }: Certificate): boolean {
    const { budget } = this.#context;
    budget.signatures -= 1;
    if (budget.signatures < 0) return false;
    return unlessRefused(() => response.signatureHolds(publicKey), false);
  }

  /** Judged like a path through the very CA that issued the certificate in question, and good itself. */
  #appointedUntil(responder: Certificate, position: number): number | null {
    const { chain, rules, second, budget } = this.#context;
    const anchor = chain.at(-1);
    const way = [responder, ...chain.slice(position + 1, -1)];
    budget.signatures -= way.length;
    if (anchor === undefined || budget.signatures < 0) return null;
    const judge = (): number | null =>
      this.#goodUntil(judgePath({ path: way, anchors: [anchor], at: second * 1000, rules: signerRules(rules), budget: budget.paths }));
    return unlessRefused(judge, null);
  }

  /** RFC 6960 section 4.2.2.2.1: id-pkix-ocsp-nocheck spares it a status of its own, but not a CRL at hand that lists it. */
  #goodUntil({ certificates, until }: JudgedPath): number | null {
    const [responder, issuer] = certificates;
    if (responder === undefined || issuer === undefined) return null;
    const reader = new StatusReader({ ...this.#context, chain: certificates }, this.#anyIssuer);
    if (reader.isDoubtful(0)) return null;
    if (responder.extensions.has(OID.ocspNoCheck)) return until + 1;
    const named = namedPoints(responder.crlDistributionPoints, issuer);
    const answers = (named.length > 0 ? named : [assumedPointOf(issuer)]).map((point) => reader.ask(0, point));
    const covered = answers.reduce((mask, answer) => mask | answer.covered, 0);
    const isGood = covered === ALL_REASONS && answers.every(({ revocation, rolledBack }) => revocation === null && !rolledBack);
    return isGood ? Math.min(until + 1, ...answers.flatMap(({ used }) => used.map(({ nextUpdate }) => nextUpdate ?? 0))) : null;
  }
}

const unlessRefused = <T, U>(work: () => T, otherwise: U): T | U => {
  try {
    return work();
  } catch (error) {
    if (error instanceof Refusal) return otherwise;
    throw error;
  }
};

const evidenceOf = ({ digest, producedAt }: OcspResponse, { thisUpdate, nextUpdate }: OcspAnswer): OcspEvidence => ({
  digest,
  producedAt,
  thisUpdate,
  nextUpdate: nextUpdate ?? thisUpdate,
});
