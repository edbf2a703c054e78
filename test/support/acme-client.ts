import { execFileSync } from 'node:child_process';
import { createHash, createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FlattenedSign, SignJWT, base64url, calculateJwkThumbprint, exportJWK, type JWK } from 'jose';

/*
 * A client of ACME that shares no code with the server: JWS by jose, requests for certificates by openssl.
 */

export interface Sent {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly url: string;
  readonly type?: string;
  readonly body?: string;
}

export interface Got {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
}

export type Transport = (sent: Sent) => Promise<Got>;
export type Json = Record<string, unknown>;

export class Key {
  readonly pem: string;
  readonly spki: Buffer;
  readonly jwk: JWK;
  readonly thumbprint: string;

  private constructor(pem: string, spki: Buffer, jwk: JWK, thumbprint: string) {
    this.pem = pem;
    this.spki = spki;
    this.jwk = jwk;
    this.thumbprint = thumbprint;
  }

  static async make(): Promise<Key> {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = await exportJWK(publicKey);
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    return new Key(pem, publicKey.export({ type: 'spki', format: 'der' }), jwk, await calculateJwkThumbprint(jwk));
  }

  /** As RFC 9448 section 5.4 prints it. */
  get fingerprint(): string {
    return printed(Buffer.from(this.thumbprint, 'base64url'));
  }

  /** As deployed tooling prints it. */
  get spkiFingerprint(): string {
    return printed(createHash('sha256').update(this.spki).digest());
  }
}

const printed = (digest: Buffer): string =>
  `SHA256 ${[...digest].map((octet) => octet.toString(16).toUpperCase().padStart(2, '0')).join(':')}`;

/** What a test changes in a request that is otherwise good. `header` members of undefined are left out. */
export interface Twist {
  readonly header?: Json;
  readonly key?: Key;
  readonly nonce?: string;
  readonly type?: string;
  readonly jws?: (jws: Json) => unknown;
}

export class AcmeCaller {
  readonly transport: Transport;
  readonly origin: string;
  key: Key;
  kid: string | null = null;
  directory: Json = {};
  nonce: string | null = null;

  constructor(transport: Transport, origin: string, key: Key) {
    this.transport = transport;
    this.origin = origin;
    this.key = key;
  }

  async start(): Promise<this> {
    this.directory = JSON.parse((await this.transport({ method: 'GET', url: `${this.origin}/acme/directory` })).text) as Json;
    return this;
  }

  url(name: string): string {
    return String(this.directory[name]);
  }

  async freshNonce(): Promise<string> {
    const { headers } = await this.transport({ method: 'HEAD', url: this.url('newNonce') });
    return headers.get('replay-nonce') ?? '';
  }

  async sign(url: string, payload: unknown, twist: Twist = {}): Promise<string> {
    const nonce = twist.nonce ?? this.nonce ?? (await this.freshNonce());
    this.nonce = null;
    const who = this.kid === null ? { jwk: this.key.jwk } : { kid: this.kid };
    const header = Object.fromEntries(
      Object.entries({ alg: 'ES256', nonce, url, ...who, ...twist.header }).filter(([, value]) => value !== undefined),
    );
    const octets = Buffer.from(payload === '' ? '' : JSON.stringify(payload));
    const key = createPrivateKey((twist.key ?? this.key).pem);
    const jws = (await new FlattenedSign(octets).setProtectedHeader(header).sign(key)) as unknown as Json;
    return JSON.stringify(twist.jws === undefined ? jws : twist.jws(jws));
  }

  /** payload '' : POST-as-GET. */
  async post(url: string, payload: unknown, twist: Twist = {}): Promise<Got> {
    const body = await this.sign(url, payload, twist);
    const got = await this.transport({ method: 'POST', url, type: twist.type ?? 'application/jose+json', body });
    this.nonce = got.headers.get('replay-nonce') ?? null;
    return got;
  }

  async read(url: string): Promise<Json> {
    return JSON.parse((await this.post(url, '')).text) as Json;
  }

  /** externalAccountBinding of RFC 8555 section 7.3.4. */
  async binding({ kid, key }: { kid: string; key: string }, header: Json = {}, bound: JWK = this.key.jwk): Promise<Json> {
    const signer = new FlattenedSign(Buffer.from(JSON.stringify(bound)));
    signer.setProtectedHeader({ alg: 'HS256', kid, url: this.url('newAccount'), ...header });
    return (await signer.sign(base64url.decode(key))) as unknown as Json;
  }

  async enrol(printedKey: { kid: string; key: string }): Promise<Got> {
    const got = await this.post(this.url('newAccount'), { externalAccountBinding: await this.binding(printedKey) });
    if (got.status === 201) this.kid = got.headers.get('location') ?? null;
    return got;
  }
}

export const reasonIn = ({ status, text }: Got): unknown => (status < 400 ? null : (JSON.parse(text) as Json)['reason']);
export const typeIn = ({ text }: Got): string => String((JSON.parse(text) as Json)['type']).replace('urn:ietf:params:acme:error:', '');
export const bodyOf = ({ text }: Got): Json => JSON.parse(text) as Json;

/** TNAuthList DER by hand: `[1]` ranges and `[2]` numbers, explicit (RFC 8226 appendix A). */
/** A number, an SPC (shorter), or a range. */
export type ListEntry = string | readonly [start: string, count: number];

export const tnListDer = (...entries: readonly ListEntry[]): Buffer => {
  const tlv = (tag: number, ...parts: Buffer[]): Buffer => {
    const content = Buffer.concat(parts);
    if (content.length > 127) throw new Error('long form');
    return Buffer.concat([Buffer.from([tag, content.length]), content]);
  };
  const integer = (value: number): Buffer => {
    const hex = value.toString(16);
    const octets = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
    return tlv(2, (octets[0] ?? 0) > 127 ? Buffer.concat([Buffer.from([0]), octets]) : octets);
  };
  const one = (entry: ListEntry): Buffer =>
    typeof entry === 'string'
      ? tlv(entry.length < 6 ? 0xa0 : 0xa2, tlv(0x16, Buffer.from(entry)))
      : tlv(0xa1, tlv(0x30, tlv(0x16, Buffer.from(entry[0])), integer(entry[1])));
  return tlv(0x30, ...entries.map(one));
};

export const tnValue = (...entries: readonly ListEntry[]): string => tnListDer(...entries).toString('base64url');

export interface CsrWish {
  readonly key?: Key;
  readonly pem?: string;
  readonly subject?: string;
  readonly digest?: string;
  /** openssl extension lines. */
  readonly extensions: readonly string[];
}

/** A PKCS#10 request by openssl. */
export const opensslCsr = async ({ key, pem, subject = '/CN=ap', digest = 'sha256', extensions }: CsrWish): Promise<Buffer> => {
  const folder = mkdtempSync(join(tmpdir(), 'acme-csr-'));
  try {
    const at = (name: string): string => join(folder, name);
    writeFileSync(at('key.pem'), pem ?? (key ?? (await Key.make())).pem);
    const wanted = extensions.length === 0 ? '' : 'req_extensions = wanted\n';
    writeFileSync(at('req.cnf'), `[req]\ndistinguished_name = dn\n${wanted}[dn]\n[wanted]\n${extensions.join('\n')}\n`);
    const args = [
      'req',
      '-new',
      `-${digest}`,
      '-config',
      at('req.cnf'),
      '-key',
      at('key.pem'),
      '-subj',
      subject,
      '-outform',
      'DER',
      '-out',
      at('csr.der'),
    ];
    execFileSync('openssl', args, { stdio: 'pipe' });
    return readFileSync(at('csr.der'));
  } finally {
    rmSync(folder, { recursive: true });
  }
};

export const tnExtension = (der: Buffer): string => `1.3.6.1.5.5.7.1.26 = DER:${der.toString('hex')}`;

/** An authority token by jose. Members of undefined are left out. */
export interface TokenWish {
  readonly pem: string;
  readonly header: Json;
  readonly claims: Json;
}

export const joseToken = async ({ pem, header, claims }: TokenWish): Promise<string> => {
  const kept = (object: Json): Json => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
  return await new SignJWT(kept(claims)).setProtectedHeader(kept(header) as { alg: string }).sign(createPrivateKey(pem));
};

export const newJti = (): string => randomBytes(16).toString('base64url');
