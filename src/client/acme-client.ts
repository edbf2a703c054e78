import type { KeyObject } from 'node:crypto';
import { decodePem, encodeBase64url, type JsonObject } from '../encoding/index.js';
import { createRequest, numberEntries, OID, subjectName, type KeyPair, type NumberRange } from '../issuance/index.js';
import { encodeTnAuthList, parseCertificate } from '../x509/index.js';
import { parseJsonObject, refusalOf } from './acme-refusal.js';
import { AcmeSession, accountFingerprint, macedBy, memberText, publicJwk, signedBy } from './acme-session.js';
import { UnexpectedAnswer } from './api-refusal.js';
import type { ConnectionOptions } from './connection.js';

export interface AcmeClientOptions extends Omit<ConnectionOptions, 'cert' | 'key'> {
  /** The directory: `https://np.example:8444/acme/directory`. */
  readonly url: string | URL;
  /** P-256; it signs every request and nothing else. */
  readonly accountKey: KeyObject;
  /** The account's URL, where there is one already. */
  readonly account?: string;
}

/** What the provider printed (RFC 8555 section 7.3.4). */
export interface EnrolmentKey {
  readonly kid: string;
  /** base64url. */
  readonly key: string;
}

export interface Enrolment {
  /** `mailto:` URLs. */
  readonly contact?: readonly string[];
  /** To the terms that the directory names; nobody is taken to have agreed unasked. */
  readonly agreesToTerms?: boolean;
}

/** RFC 8739: seconds of one certificate, and when the last one ends, in ms since 1970. */
export interface RenewalTerms {
  readonly lifetime: number;
  readonly end: number;
}

export interface CredentialWish {
  readonly numbers: readonly NumberRange[];
  /** ms since 1970; absent: as the provider likes. */
  readonly notAfter?: number;
  /** Renewed by the provider until then. */
  readonly renewal?: RenewalTerms;
}

/** A credential as it was fetched. Its key and numbers are what was asked for; whether verifiers trust its path is not judged. */
export interface FetchedCredential {
  /** DER, end-entity first, no anchor. */
  readonly path: readonly Buffer[];
  /** Seconds. */
  readonly notBefore: number;
  readonly notAfter: number;
}

export interface ObtainedCredential extends FetchedCredential {
  readonly order: string;
  /** Where the newest one is, of an order under renewal; else null. */
  readonly star: string | null;
}

/** Where the authority token of a challenge comes from when it is not the token authority that the challenge names. */
export type AuthorityTokenSource = (challenge: {
  readonly authority: string;
  readonly value: string;
  readonly fingerprint: string;
}) => Promise<string>;

/**
 * An AP's ACME client (RFC 8555, RFC 9448). Orders, proves by an authority token, finalizes, fetches, and holds what it got against what it asked for.
 * Every call: @throws AcmeRefusal with the reason, ApiUnavailable, NoAnswer, UnexpectedAnswer.
 */
export class AcmeClient {
  readonly #session: AcmeSession;
  readonly #accountKey: KeyObject;

  constructor({ accountKey, account, ...connection }: AcmeClientOptions) {
    this.#accountKey = accountKey;
    this.#session = new AcmeSession(connection, accountKey, account ?? null);
  }

  close(): void {
    this.#session.close();
  }

  /** The account's URL; null before `enrol`. */
  get account(): string | null {
    return this.#session.account;
  }

  /** Makes the account, or finds the one that this key has. */
  async enrol({ kid, key }: EnrolmentKey, how: Enrolment = {}): Promise<string> {
    const url = await this.#session.resource('newAccount');
    const externalAccountBinding = macedBy(key, { kid, url }, publicJwk(this.#accountKey));
    const asked = { contact: how.contact ?? [], termsOfServiceAgreed: how.agreesToTerms === true, externalAccountBinding };
    const { location } = await this.#session.post(url, asked, 'key');
    if (location === null) throw new UnexpectedAnswer('an account without a URL');
    this.#session.account = location;
    return location;
  }

  /** A credential over these numbers for this key, by one order. */
  async obtain(wish: CredentialWish, key: KeyPair, authorityTokens?: AuthorityTokenSource): Promise<ObtainedCredential> {
    const value = encodeTnAuthList(numberEntries(wish.numbers));
    const made = await this.#order(wish, encodeBase64url(value));
    for (const authorization of urlsOf(made.order, 'authorizations'))
      await this.#prove(authorization, encodeBase64url(value), authorityTokens);
    const csr = createRequest(key, subjectName({ commonName: 'ap' }), [{ oid: OID.tnAuthList, critical: false, value }]);
    const done = await this.#send(memberText(made.order, 'finalize'), { csr: encodeBase64url(csr) });
    if (done['status'] !== 'valid') throw new UnexpectedAnswer('an order that is finalized and not valid');
    const star = wish.renewal === undefined ? null : memberText(done, 'star-certificate');
    const fetched = await this.fetch(star ?? memberText(done, 'certificate'), key, value);
    return { ...fetched, order: made.url, star };
  }

  /** What is at a certificate's URL now. `value`: the TNAuthList that it must have. @throws UnexpectedAnswer when it is for another key or list */
  async fetch(url: string, key: Pick<KeyPair, 'spki'>, value: Uint8Array): Promise<FetchedCredential> {
    const { body } = await this.#session.post(url, '');
    const path = decodePem(body.toString('latin1')).map(({ der }) => der);
    const certificates = path.map((der) => parseCertificate(der));
    const [first] = certificates;
    if (first === undefined || Buffer.compare(first.publicKey.spki, key.spki) !== 0)
      throw new UnexpectedAnswer('a certificate for another key');
    const list = first.extensions.get(OID.tnAuthList)?.value ?? new Uint8Array();
    if (Buffer.compare(list, value) !== 0) throw new UnexpectedAnswer('a certificate for other numbers');
    const isLinked = certificates.every(
      (certificate, at) => certificates[at + 1] === undefined || certificate.signatureHolds(certificates[at + 1] ?? certificate),
    );
    if (!isLinked) throw new UnexpectedAnswer('a path that does not hold together');
    return { path, notBefore: first.notBefore, notAfter: first.notAfter };
  }

  /** RFC 8555 section 7.6. `reason` by its number in RFC 5280 section 5.3.1. */
  async revoke(certificate: Uint8Array, reason = 0): Promise<void> {
    await this.#session.post(await this.#session.resource('revokeCert'), { certificate: encodeBase64url(certificate), reason });
  }

  /** RFC 8739 section 3.1.2. */
  async cancelRenewal(order: string): Promise<void> {
    await this.#session.post(order, { status: 'canceled' });
  }

  /** RFC 8555 section 7.3.5: from its answer on only the new key signs; this client is closed. */
  async changeKey(next: KeyObject): Promise<void> {
    const url = await this.#session.resource('keyChange');
    const payload = { account: this.account, oldKey: publicJwk(this.#accountKey) };
    await this.#session.post(url, signedBy(next, { jwk: publicJwk(next), url }, payload));
    this.close();
  }

  async #order(wish: CredentialWish, value: string): Promise<{ readonly order: JsonObject; readonly url: string }> {
    const { notAfter, renewal } = wish;
    const answer = await this.#session.post(await this.#session.resource('newOrder'), {
      identifiers: [{ type: 'TNAuthList', value }],
      ...(notAfter === undefined ? {} : { notAfter: instant(notAfter) }),
      ...(renewal === undefined ? {} : { 'auto-renewal': { 'end-date': instant(renewal.end), lifetime: renewal.lifetime } }),
    });
    if (answer.location === null) throw new UnexpectedAnswer('an order without a URL');
    return { order: parseJsonObject(answer.body), url: answer.location };
  }

  /** Answers the tkauth-01 challenge of an authorization, once: a refused answer is final. */
  async #prove(url: string, value: string, authorityTokens: AuthorityTokenSource | undefined): Promise<void> {
    const authorization = await this.#session.read(url);
    if (authorization['status'] === 'valid') return;
    const challenge = objectsOf(authorization, 'challenges').find(({ type }) => type === 'tkauth-01');
    if (challenge === undefined) throw new UnexpectedAnswer('no challenge of type tkauth-01');
    const fingerprint = accountFingerprint(this.#accountKey);
    const authority = memberText(challenge, 'token-authority');
    const tkauth = await (authorityTokens ?? ((asked) => this.#authorityToken(asked)))({ authority, value, fingerprint });
    const answered = await this.#send(memberText(challenge, 'url'), { tkauth });
    if (answered['status'] === 'valid') return;
    const { error } = answered;
    if (typeof error !== 'object' || error === null || Array.isArray(error)) throw new UnexpectedAnswer('a challenge that is not valid');
    throw refusalOf(error, Number(error['status'] ?? 403), undefined);
  }

  /** RFC 9447 section 5: signed by the account, since the authority is the provider itself. */
  async #authorityToken({ authority, value, fingerprint }: Parameters<AuthorityTokenSource>[0]): Promise<string> {
    const atc = { tktype: 'TNAuthList', tkvalue: value, ca: false, fingerprint };
    return memberText(await this.#send(authority, { atc }), 'token');
  }

  async #send(url: string, payload: object): Promise<JsonObject> {
    return parseJsonObject((await this.#session.post(url, payload)).body);
  }
}

const instant = (ms: number): string => new Date(ms).toISOString();

const urlsOf = (object: JsonObject, member: string): string[] => {
  const value = object[member];
  if (!Array.isArray(value)) throw new UnexpectedAnswer(`no ${member}`);
  return value.flatMap((one) => (typeof one === 'string' ? [one] : []));
};

const objectsOf = (object: JsonObject, member: string): JsonObject[] => {
  const value = object[member];
  if (!Array.isArray(value)) throw new UnexpectedAnswer(`no ${member}`);
  return value.flatMap((one) => (typeof one === 'object' && one !== null && !Array.isArray(one) ? [one] : []));
};
