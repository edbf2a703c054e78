import { sign, type KeyObject } from 'node:crypto';
import { encodeUtf8, encodeTlv } from '../../src/encoding/index.js';
import { issueCa, issueEndEntity, keyUsage, nameOf, rdn, type Issued, type Role } from './raw-certificate.js';

/** Trust lists and their signers, made octet by octet: nothing of the reader under test is used. */

export const pemOf = (der: Uint8Array, label = 'CERTIFICATE'): string =>
  `-----BEGIN ${label}-----\n${(
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  ).join('\n')}\n-----END ${label}-----\n`;

/** As the STI-PA's root is named and used: digitalSignature, keyCertSign, cRLSign. */
export const listRoot = (changes: Partial<Role> = {}): Issued =>
  issueCa({
    issuer: null,
    subject: 'Test STI-PA Root',
    ...changes,
    extensions: { keyUsage: keyUsage([0, 5, 6]), ...changes.extensions },
  });

export const listSigner = (issuer: Issued, changes: Partial<Role> = {}): Issued =>
  issueEndEntity({ issuer, subject: 'Test STI-PA list signer', ...changes });

/** A root as ATIS-1000080 section 6.4.1 has it. */
export const shakenRoot = (name = 'One', changes: Partial<Role> = {}): Issued =>
  issueCa({
    issuer: null,
    subject: name,
    ...changes,
    shape: {
      subject: nameOf(
        rdn('2.5.4.6', encodeTlv(0x13, Buffer.from('US'))),
        rdn('2.5.4.10', encodeUtf8(`STI-CA ${name}`)),
        rdn('2.5.4.3', encodeUtf8(`SHAKEN ROOT ${name}`)),
      ),
      ...changes.shape,
    },
  });

const encoded = (part: string | Uint8Array): string => Buffer.from(part).toString('base64url');

/** A compact JWS by node:crypto alone. `header` and `payload` as text, so that each may be wrong in its spelling. */
export const compactJws = (header: string, payload: string, key: KeyObject): string => {
  const input = `${encoded(header)}.${encoded(payload)}`;
  return `${input}.${encoded(sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }))}`;
};

export interface ListPlan {
  readonly signer: Issued;
  readonly roots: readonly Uint8Array[];
  readonly sequence?: number;
  /** Seconds. */
  readonly exp: number;
  /** Certificates of the header's x5c; default: the signer's own alone. Null: none. */
  readonly x5c?: readonly Uint8Array[] | null;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly payload?: Readonly<Record<string, unknown>>;
}

export const makeList = ({ signer, roots, sequence = 7, exp, x5c = [signer.der], header = {}, payload = {} }: ListPlan): string => {
  const chain = x5c === null ? {} : { x5c: x5c.map((der) => Buffer.from(der).toString('base64')) };
  return compactJws(
    JSON.stringify({ alg: 'ES256', typ: 'JWT', ...chain, ...header }),
    JSON.stringify({ version: '1.0', sequence, exp, trustList: roots.map((der) => pemOf(der)), ...payload }),
    signer.key.privateKey,
  );
};
