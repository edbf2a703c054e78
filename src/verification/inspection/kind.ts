interface Header {
  readonly tag: number;
  readonly content: number;
  readonly end: number;
}

/** Without strictness: what is malformed must still be told apart. */
const headerAt = (der: Uint8Array, at: number): Header | null => {
  const tag = der[at];
  const first = der[at + 1];
  if (tag === undefined || first === undefined) return null;
  if (first < 0x80) return { tag, content: at + 2, end: at + 2 + first };
  const octets = first & 0x7f;
  if (octets > 4) return { tag, content: at + 2, end: der.length };
  const length = der.subarray(at + 2, at + 2 + octets).reduce((sum, octet) => sum * 256 + octet, 0);
  // 0x80: indefinite length, which is BER; its end is somewhere.
  return { tag, content: at + 2 + octets, end: octets === 0 ? der.length : at + 2 + octets + length };
};

const tagOfFourth = (der: Uint8Array, at: number): number | null => {
  let header = headerAt(der, at);
  for (let i = 0; i < 3 && header !== null; i += 1) header = headerAt(der, header.end);
  return header?.tag ?? null;
};

/**
 * What DER looks like it wants to be: by the first octets of certificate, CRL and request (RFC 5280 sections 4.1 and 5.1, RFC 2986 section 4);
 * any other SEQUENCE is taken for a TNAuthList; null for what is no SEQUENCE.
 */
export const kindOfDer = (der: Uint8Array): 'certificate' | 'crl' | 'csr' | 'tn-auth-list' | null => {
  const outer = headerAt(der, 0);
  if (outer?.tag !== 0x30) return null;
  const signed = headerAt(der, outer.content);
  if (signed?.tag !== 0x30) return 'tn-auth-list';
  const first = der[signed.content];
  if (first === 0xa0) return 'certificate';
  // A v1 CRL begins with its algorithm.
  if (first === 0x30) return 'crl';
  // A SubjectPublicKeyInfo, or another thing that begins with an algorithm.
  if (first === 0x06) return null;
  if (first !== 0x02) return 'tn-auth-list';
  const fourth = tagOfFourth(der, signed.content);
  if (fourth === 0x17 || fourth === 0x18) return 'crl';
  // A v1 certificate has its validity there, a request its attributes.
  return fourth === 0x30 ? 'certificate' : 'csr';
};
