import { createPublicKey, type KeyObject } from 'node:crypto';
import { DerError, TAG, contentOf, encodeBase64url, readChildren, wholeOf, type Tlv } from '../encoding/index.js';
import { readKnownOid } from './known-oid.js';
import { refuse } from '../reasons/index.js';
import { OID } from './oids.js';

export type Curve = 'P-256' | 'P-384' | 'P-521';

const CURVES: ReadonlyMap<string, { readonly curve: Curve; readonly octets: number }> = new Map([
  [OID.p256, { curve: 'P-256', octets: 32 }],
  [OID.p384, { curve: 'P-384', octets: 48 }],
  [OID.p521, { curve: 'P-521', octets: 66 }],
]);

/** What a SubjectPublicKeyInfo holds. `other`: well-formed, but of no kind that any profile allows. */
type KeyForm =
  | { readonly kind: 'ec'; readonly curve: Curve; readonly x: Uint8Array; readonly y: Uint8Array }
  | { readonly kind: 'rsa'; readonly bits: number; readonly modulus: Uint8Array; readonly exponent: Uint8Array }
  | { readonly kind: 'other' };

/** The public key of a certificate. The KeyObject is made on first use, and once. */
export class PublicKey {
  /** SubjectPublicKeyInfo, whole. */
  readonly spki: Uint8Array;
  readonly form: KeyForm;
  #keyObject: KeyObject | null = null;

  private constructor(spki: Uint8Array, form: KeyForm) {
    this.spki = spki;
    this.form = form;
  }

  /** @throws DerError */
  static read(der: Uint8Array, tlv: Tlv): PublicKey {
    const [algorithm, bits, more] = readChildren(der, tlv);
    if (tlv.tag !== TAG.sequence || algorithm?.tag !== TAG.sequence || bits?.tag !== TAG.bitString || more !== undefined)
      throw new DerError('SPKI');
    const [oid, parameters, extra] = readChildren(der, algorithm);
    if (oid === undefined || extra !== undefined || der[bits.content] !== 0) throw new DerError('SPKI');
    const name = readKnownOid(der, oid);
    const octets = der.subarray(bits.content + 1, bits.end);
    if (name === OID.ecPublicKey) return new PublicKey(wholeOf(der, tlv), readEc(der, parameters, octets));
    if (name === OID.rsaEncryption && parameters?.tag === TAG.null) return new PublicKey(wholeOf(der, tlv), readRsa(octets));
    return new PublicKey(wholeOf(der, tlv), { kind: 'other' });
  }

  /**
   * The key for node:crypto. EC keys are imported as JWK: half the time of SPKI, and a point off its curve is refused.
   * @throws Refusal `unsupported-key`
   */
  get keyObject(): KeyObject {
    this.#keyObject ??= importKey(this.form);
    return this.#keyObject;
  }
}

/** RFC 5480 section 2.1.1: namedCurve only. Section 2.2: the uncompressed form; nothing here reads a compressed one. */
const readEc = (der: Uint8Array, parameters: Tlv | undefined, point: Uint8Array): KeyForm => {
  if (parameters?.tag !== TAG.oid) return { kind: 'other' };
  const known = CURVES.get(readKnownOid(der, parameters));
  if (known === undefined || point.length !== 1 + 2 * known.octets || point[0] !== 0x04) return { kind: 'other' };
  return { kind: 'ec', curve: known.curve, x: point.subarray(1, 1 + known.octets), y: point.subarray(1 + known.octets) };
};

const positive = (der: Uint8Array, tlv: Tlv | undefined): Uint8Array => {
  if (tlv?.tag !== TAG.integer) throw new DerError('RSAPublicKey');
  const octets = contentOf(der, tlv);
  if (octets.length === 0 || (octets[0] as number) >= 0x80) throw new DerError('RSAPublicKey');
  if (octets[0] !== 0) return octets;
  // X.690 section 8.3.2: a leading zero only where the next bit is set. This is inside a BIT STRING, where the gate does not look.
  if (octets.length > 1 && (octets[1] as number) < 0x80) throw new DerError('RSAPublicKey');
  return octets.subarray(1);
};

const readRsa = (octets: Uint8Array): KeyForm => {
  const [sequence] = readChildren(octets, { tag: 0, start: 0, content: 0, end: octets.length });
  if (sequence?.tag !== TAG.sequence || sequence.end !== octets.length) throw new DerError('RSAPublicKey');
  const [n, e, more] = readChildren(octets, sequence);
  if (more !== undefined) throw new DerError('RSAPublicKey');
  const modulus = positive(octets, n);
  const exponent = positive(octets, e);
  const [first] = modulus;
  if (first === undefined || exponent.length === 0) throw new DerError('RSAPublicKey');
  return { kind: 'rsa', bits: modulus.length * 8 - Math.clz32(first) + 24, modulus, exponent };
};

const importKey = (form: KeyForm): KeyObject => {
  try {
    if (form.kind === 'ec') {
      const jwk = { kty: 'EC', crv: form.curve, x: encodeBase64url(form.x), y: encodeBase64url(form.y) };
      return createPublicKey({ key: jwk, format: 'jwk' });
    }
    if (form.kind === 'rsa') {
      const jwk = { kty: 'RSA', n: encodeBase64url(form.modulus), e: encodeBase64url(form.exponent) };
      return createPublicKey({ key: jwk, format: 'jwk' });
    }
  } catch {
    return refuse('unsupported-key', 'public key');
  }
  return refuse('unsupported-key', 'kind of key');
};
