import { sign } from 'node:crypto';
import { encodeInteger, encodeSequence, encodeTlv } from '../../src/encoding/index.js';
import { AT, ECDSA_SHA256, authorityKeyId, bitString, directory, extension, keyIdOf, uri, type Issued } from './raw-certificate.js';

/** CRLs octet by octet, so that each can be wrong in one place. */

const DAY = 86_400_000;

const text = (at: number): string => `${new Date(at).toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`;
export const utcTime = (at: number): Buffer => encodeTlv(0x17, Buffer.from(text(at)));

export const fullName = (...names: Buffer[]): Buffer => encodeTlv(0xa0, encodeTlv(0xa0, ...names));
export const relativeName = (...attributes: Buffer[]): Buffer => encodeTlv(0xa0, encodeTlv(0xa1, ...attributes));
export const url = (place: string): Buffer => fullName(uri(place));

/** Bit numbers of ReasonFlags, RFC 5280 section 4.2.1.13. */
export const reasonBits = (tag: number, ...bits: number[]): Buffer => {
  const octets = Buffer.alloc(Math.max(...bits) > 7 ? 2 : 1);
  for (const bit of bits) octets[bit >> 3] = (octets[bit >> 3] as number) | (0x80 >> (bit & 7));
  return encodeTlv(tag, Buffer.from([8 * octets.length - 1 - Math.max(...bits)]), octets);
};

export interface PointParts {
  readonly name?: Buffer;
  readonly reasons?: readonly number[];
  readonly crlIssuer?: Buffer;
}

/** CRLDistributionPoints. */
export const distributionPoints = (...points: PointParts[]): Buffer =>
  extension(
    '2.5.29.31',
    encodeSequence(
      ...points.map(({ name, reasons, crlIssuer }) =>
        encodeSequence(
          ...(name === undefined ? [] : [name]),
          ...(reasons === undefined ? [] : [reasonBits(0x81, ...reasons)]),
          ...(crlIssuer === undefined ? [] : [encodeTlv(0xa2, directory(crlIssuer))]),
        ),
      ),
    ),
  );

export interface ScopeParts {
  readonly name?: Buffer;
  readonly only?: 'user' | 'ca' | 'attribute';
  readonly reasons?: readonly number[];
  readonly indirect?: boolean;
}

const YES = Buffer.from([0xff]);
const ONLY = { user: 0x81, ca: 0x82, attribute: 0x85 } as const;

/** IssuingDistributionPoint. */
export const scope = ({ name, only, reasons, indirect }: ScopeParts, critical = true): Buffer => {
  const flag = (kind: keyof typeof ONLY): Buffer[] => (only === kind ? [encodeTlv(ONLY[kind], YES)] : []);
  const parts = [
    ...(name === undefined ? [] : [name]),
    ...flag('user'),
    ...flag('ca'),
    ...(reasons === undefined ? [] : [reasonBits(0x83, ...reasons)]),
    ...(indirect === true ? [encodeTlv(0x84, YES)] : []),
    ...flag('attribute'),
  ];
  return extension('2.5.29.28', encodeSequence(...parts), critical);
};

export const crlNumber = (number: bigint, critical = false): Buffer => extension('2.5.29.20', encodeInteger(number), critical);
export const certificateIssuer = (name: Buffer): Buffer => extension('2.5.29.29', encodeSequence(directory(name)), true);
export const reasonCode = (code: number): Buffer => extension('2.5.29.21', encodeTlv(0x0a, Buffer.from([code])));
export const invalidityDate = (at: number): Buffer => extension('2.5.29.24', encodeTlv(0x18, Buffer.from(`20${text(at)}`)));

export const entry = (serial: Uint8Array, ...extensions: Buffer[]): Buffer =>
  encodeSequence(encodeTlv(2, serial), utcTime(AT - DAY), ...(extensions.length === 0 ? [] : [encodeSequence(...extensions)]));

export interface CrlParts {
  readonly version: Buffer;
  readonly issuer: Buffer;
  readonly thisUpdate: number;
  readonly nextUpdate: number | null;
  /** null: the field is left out. */
  readonly entries: readonly Buffer[] | null;
  readonly number: bigint | null;
  readonly authority: Buffer | null;
  readonly extensions: readonly Buffer[];
  readonly signature: (signature: Buffer) => Buffer;
}

/** A CRL of `signer`, in force at AT; what is given replaces a part. */
export const issueCrl = (signer: Issued, entries: readonly Buffer[] = [], parts: Partial<CrlParts> = {}): Buffer => {
  const whole: CrlParts = {
    version: encodeInteger(1n),
    issuer: signer.name,
    thisUpdate: AT - DAY,
    nextUpdate: AT + DAY,
    entries: entries.length === 0 ? null : entries,
    number: 1n,
    authority: authorityKeyId(keyIdOf(signer.key)),
    extensions: [],
    signature: (signature) => signature,
    ...parts,
  };
  const extensions = [
    ...(whole.authority === null ? [] : [whole.authority]),
    ...(whole.number === null ? [] : [crlNumber(whole.number)]),
    ...whole.extensions,
  ];
  const tbs = encodeSequence(
    whole.version,
    ECDSA_SHA256,
    whole.issuer,
    utcTime(whole.thisUpdate),
    ...(whole.nextUpdate === null ? [] : [utcTime(whole.nextUpdate)]),
    ...(whole.entries === null ? [] : [encodeTlv(0x30, Buffer.concat([...whole.entries]))]),
    ...(extensions.length === 0 ? [] : [encodeTlv(0xa0, encodeSequence(...extensions))]),
  );
  return encodeSequence(tbs, ECDSA_SHA256, bitString(whole.signature(sign('sha256', tbs, signer.key.privateKey))));
};
