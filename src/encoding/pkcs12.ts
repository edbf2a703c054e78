import forge from 'node-forge';
import { refuse } from '../reasons/index.js';

/** What a PKCS#12 bundle holds (RFC 7292): DER of its certificates, in order, and how many private keys. */
export interface Pkcs12 {
  readonly certificates: readonly Buffer[];
  readonly keys: number;
}

/** A bundle of some hundred certificates. */
const MAX_PKCS12_OCTETS = 512 * 1024;
/** Tools write 2,048 (OpenSSL) to 10,000 (Java). Each costs some 20 us in which nobody is served, before the password is known to be right. */
const MAX_MAC_ITERATIONS = 10_000;

const CERT_BAG = '1.2.840.113549.1.12.10.1.3';
const KEY_BAGS: readonly string[] = ['1.2.840.113549.1.12.10.1.1', '1.2.840.113549.1.12.10.1.2'];

/**
 * Opens a PKCS#12 bundle: modern (PBES2) and legacy (RC2, 3DES) alike. Proves by its MAC that who wrote it knew the password; nothing about the
 * certificates. Those with RSA keys are refused: no trust profile takes one, and node-forge keeps no octets of them.
 * @throws Refusal `malformed-chain`
 */
export const readPkcs12 = (der: Uint8Array, password: string): Pkcs12 => {
  if (der.length > MAX_PKCS12_OCTETS) return refuse('malformed-chain', 'PKCS#12 size');
  const certificates: Buffer[] = [];
  let keys = 0;
  for (const { safeBags } of open(der, password).safeContents) {
    for (const bag of safeBags) {
      if (KEY_BAGS.includes(bag.type)) keys += 1;
      else if (bag.type !== CERT_BAG) return refuse('malformed-chain', 'PKCS#12 bag');
      else certificates.push(octetsOf(bag.asn1));
    }
  }
  return { certificates, keys };
};

const open = (der: Uint8Array, password: string): forge.pkcs12.Pkcs12Pfx => {
  let pfx: forge.asn1.Asn1;
  try {
    pfx = forge.asn1.fromDer(Buffer.from(der).toString('latin1'));
  } catch {
    return refuse('malformed-chain', 'PKCS#12');
  }
  checkMac(pfx);
  try {
    return forge.pkcs12.pkcs12FromAsn1(pfx, true, password);
  } catch {
    return refuse('malformed-chain', 'PKCS#12, or its password');
  }
};

/** RFC 7292 section 4: PFX ::= SEQUENCE { version, authSafe, macData OPTIONAL }. Without a MAC anybody could have written it. */
const checkMac = (pfx: forge.asn1.Asn1): void => {
  const macData = childrenOf(pfx)[2];
  if (macData === undefined) return refuse('malformed-chain', 'PKCS#12 without a MAC');
  const iterations = childrenOf(macData)[2]?.value ?? '\x01';
  const count = typeof iterations === 'string' ? Number.parseInt(Buffer.from(iterations, 'latin1').toString('hex'), 16) : NaN;
  if (!(count >= 1 && count <= MAX_MAC_ITERATIONS)) refuse('malformed-chain', 'PKCS#12 MAC iterations');
};

const childrenOf = ({ value }: forge.asn1.Asn1): readonly forge.asn1.Asn1[] => (typeof value === 'string' ? [] : value);

const octetsOf = (asn1: forge.asn1.Asn1 | undefined): Buffer =>
  asn1 === undefined
    ? refuse('malformed-chain', 'PKCS#12 with an RSA certificate')
    : Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'latin1');
