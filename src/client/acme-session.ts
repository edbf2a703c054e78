import { createHash, createHmac, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { encodeBase64url, decodeBase64url, type JsonObject, type JsonValue } from '../encoding/index.js';
import { refuse } from '../reasons/index.js';
import { AcmeRefusal, parseJsonObject, refusalOf } from './acme-refusal.js';
import { UnexpectedAnswer } from './api-refusal.js';
import { Connection, type Answer, type ConnectionOptions } from './connection.js';

const part = (value: object | string): string => encodeBase64url(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));

/** The public half of a P-256 key with the members that RFC 7638 digests, in its order. @throws Refusal `unsupported-key` */
export const publicJwk = (key: KeyObject): { readonly crv: string; readonly kty: string; readonly x: string; readonly y: string } => {
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') return refuse('unsupported-key', 'not P-256');
  // The point ends the SPKI; exporting a fresh key as JWK can hang (issuance/keys.ts).
  const point = createPublicKey(key).export({ type: 'spki', format: 'der' }).subarray(-64);
  return { crv: 'P-256', kty: 'EC', x: encodeBase64url(point.subarray(0, 32)), y: encodeBase64url(point.subarray(32)) };
};

/** RFC 9448 section 5.4. */
export const accountFingerprint = (key: KeyObject): string => {
  const digest = createHash('sha256')
    .update(JSON.stringify(publicJwk(key)))
    .digest('hex')
    .toUpperCase();
  return `SHA256 ${digest.replace(/..(?=.)/g, '$&:')}`;
};

const flattened = (header: object, payload: object | string, signer: (input: Buffer) => Buffer): object => {
  const [head, body] = [part(header), part(payload)];
  return { protected: head, payload: body, signature: encodeBase64url(signer(Buffer.from(`${head}.${body}`))) };
};

/** ES256. */
export const signedBy = (key: KeyObject, header: object, payload: object | string): object =>
  flattened({ alg: 'ES256', ...header }, payload, (input) => sign('sha256', input, { key, dsaEncoding: 'ieee-p1363' }));

/** HS256, for the binding of RFC 8555 section 7.3.4. `key` is base64url. */
export const macedBy = (key: string, header: object, payload: object): object => {
  const secret = decodeBase64url(key) ?? refuse('malformed-request', 'the binding key is not base64url');
  return flattened({ alg: 'HS256', ...header }, payload, (input) => createHmac('sha256', secret).update(input).digest());
};

export interface AcmeAnswer {
  readonly status: number;
  readonly location: string | null;
  readonly body: Buffer;
}

/** Signed requests to one ACME server (RFC 8555 section 6): nonces, one more try after a bad one, and errors by their type. */
export class AcmeSession {
  readonly #connection: Connection;
  readonly #directoryUrl: URL;
  readonly #key: KeyObject;
  /** The account's URL; null before there is one. */
  account: string | null;
  #directory: JsonObject | null = null;
  #nonce: string | null = null;

  constructor(options: ConnectionOptions, key: KeyObject, account: string | null) {
    this.#connection = new Connection(options);
    this.#directoryUrl = new URL(options.url);
    this.#key = key;
    this.account = account;
  }

  close(): void {
    this.#connection.close();
  }

  /** A resource of the directory. @throws UnexpectedAnswer */
  async resource(name: string): Promise<string> {
    if (this.#directory === null) {
      const answer = await this.#connection.call({ method: 'GET', path: this.#pathOf(this.#directoryUrl.href) });
      if (answer.status !== 200) throw failure(answer);
      this.#directory = parseJsonObject(answer.body);
    }
    const url = this.#directory[name];
    if (typeof url !== 'string') throw new UnexpectedAnswer(`the directory names no ${name}`);
    return url;
  }

  /**
   * @param payload '' for POST-as-GET
   * @param by `key`: with the key itself, before there is an account
   * @throws AcmeRefusal, ApiUnavailable, NoAnswer, UnexpectedAnswer
   */
  async post(url: string, payload: object | '', by: 'account' | 'key' = 'account'): Promise<AcmeAnswer> {
    try {
      return await this.#post(url, payload, by);
    } catch (error) {
      // RFC 8555 section 6.5: with the nonce of the refusal, once; a second refusal has another cause.
      if (error instanceof AcmeRefusal && error.type === 'badNonce') return await this.#post(url, payload, by);
      throw error;
    }
  }

  async read(url: string): Promise<JsonObject> {
    return parseJsonObject((await this.post(url, '')).body);
  }

  async #post(url: string, payload: object | '', by: 'account' | 'key'): Promise<AcmeAnswer> {
    if (by === 'account' && this.account === null) return refuse('account-unknown', 'enrol first');
    const who = by === 'key' ? { jwk: publicJwk(this.#key) } : { kid: this.account };
    const jws = signedBy(this.#key, { nonce: await this.#takeNonce(), url, ...who }, payload);
    const answer = await this.#connection.call({
      method: 'POST',
      path: this.#pathOf(url),
      type: 'application/jose+json',
      body: JSON.stringify(jws),
    });
    this.#nonce = textHeader(answer, 'replay-nonce');
    if (answer.status >= 300) throw failure(answer);
    return { status: answer.status, location: textHeader(answer, 'location'), body: answer.body };
  }

  async #takeNonce(): Promise<string> {
    const known = this.#nonce;
    this.#nonce = null;
    if (known !== null) return known;
    const answer = await this.#connection.call({ method: 'HEAD', path: this.#pathOf(await this.resource('newNonce')) });
    const nonce = textHeader(answer, 'replay-nonce');
    if (nonce === null) throw new UnexpectedAnswer('no nonce');
    return nonce;
  }

  /** A server that names a URL elsewhere would have our signatures sent there. @throws UnexpectedAnswer */
  #pathOf(url: string): string {
    const target = URL.canParse(url) ? new URL(url) : null;
    if (target?.origin !== this.#directoryUrl.origin) throw new UnexpectedAnswer('a URL of another server');
    return `${target.pathname}${target.search}`;
  }
}

const textHeader = ({ headers }: Answer, name: string): string | null => {
  const value = headers[name];
  return typeof value === 'string' && value !== '' ? value : null;
};

const failure = (answer: Answer): Error => {
  if (!answer.type.startsWith('application/problem+json'))
    return new UnexpectedAnswer(`status ${answer.status} without a problem document`);
  return refusalOf(parseJsonObject(answer.body), answer.status, answer.retryAfter);
};

/** A member that must be text. @throws UnexpectedAnswer */
export const memberText = (object: JsonObject, member: string): string => {
  const value: JsonValue | undefined = object[member];
  if (typeof value !== 'string') throw new UnexpectedAnswer(`no ${member}`);
  return value;
};
