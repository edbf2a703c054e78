/**
 * DER (X.690 section 10), read without leniency. The input is controlled by strangers.
 * A reader that accepts BER lets one certificate have many encodings, and two verifiers read it differently.
 */

export class DerError extends Error {}

export interface Tlv {
  /** The identifier octet: class, constructed bit and a tag number below 31. */
  readonly tag: number;
  /** Offsets into the buffer that was read: of the identifier octet, of the content, and one past the end. */
  readonly start: number;
  readonly content: number;
  readonly end: number;
}

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Context-specific tags: [n] primitive and [n] constructed. */
export const contextPrimitive = (n: number): number => 0x80 | n;
export const contextConstructed = (n: number): number => 0xa0 | n;

/** Deeper than any certificate seen (10); bounds recursion on hostile input. */
const MAX_DEPTH = 32;

/** A Tlv that can be read into again and again: a list of a million entries makes no garbage. */
export class TlvCursor implements Tlv {
  tag = 0;
  start = 0;
  content = 0;
  end = 0;

  /** Reads one TLV that must end at or before `limit`; returns itself. @throws DerError */
  read(der: Uint8Array, start: number, limit: number): this {
    if (start + 2 > limit) throw new DerError('truncated');
    const tag = der[start] as number;
    // Tag numbers of 31 and more occur in nothing that the gateway reads.
    if ((tag & 0x1f) === 0x1f) throw new DerError('high tag number');
    let length = der[start + 1] as number;
    let content = start + 2;
    if (length >= 0x80) {
      const octets = length & 0x7f;
      // X.690 section 10.1: definite form; section 8.1.3.5 reserves 0xff. Four octets reach 4 GiB.
      if (octets === 0 || octets > 4) throw new DerError('length');
      if (content + octets > limit) throw new DerError('truncated');
      length = 0;
      for (let i = 0; i < octets; i += 1) length = length * 256 + (der[content + i] as number);
      if (length < 0x80 || (der[content] as number) === 0) throw new DerError('length not minimal');
      content += octets;
    }
    const end = content + length;
    if (end > limit) throw new DerError('truncated');
    this.tag = tag;
    this.start = start;
    this.content = content;
    this.end = end;
    return this;
  }
}

/** Reads one TLV that must end at or before `limit`. @throws DerError */
export const readTlv = (der: Uint8Array, start: number, limit: number = der.length): Tlv => new TlvCursor().read(der, start, limit);

/** The TLVs inside a constructed one. @throws DerError */
export const readChildren = (der: Uint8Array, parent: Tlv): Tlv[] => {
  const children: Tlv[] = [];
  let at = parent.content;
  while (at < parent.end) {
    const child = readTlv(der, at, parent.end);
    children.push(child);
    at = child.end;
  }
  return children;
};

/** Reads a buffer that is exactly one TLV of the given tag. @throws DerError */
export const readWhole = (der: Uint8Array, tag: number): Tlv => {
  const tlv = readTlv(der, 0);
  if (tlv.tag !== tag) throw new DerError('tag');
  if (tlv.end !== der.length) throw new DerError('trailing octets');
  return tlv;
};

export const contentOf = (der: Uint8Array, tlv: Tlv): Uint8Array => der.subarray(tlv.content, tlv.end);
export const wholeOf = (der: Uint8Array, tlv: Tlv): Uint8Array => der.subarray(tlv.start, tlv.end);

/** Dotted form of an OBJECT IDENTIFIER's content. @throws DerError */
export const readOid = (der: Uint8Array, tlv: Tlv): string => {
  if (tlv.tag !== TAG.oid) throw new DerError('tag');
  checkOid(der, tlv);
  let dotted = '';
  for (let from = tlv.content; from < tlv.end;) {
    let last = from;
    while ((der[last] as number) >= 0x80) last += 1;
    const arc = readArc(der, from, last);
    // X.690 section 8.19.4: the first two arcs are in one.
    dotted += from === tlv.content ? firstArcs(arc) : `.${String(arc)}`;
    from = last + 1;
  }
  return dotted;
};

/** Seven octets of seven bits are exact as a double; longer arcs are rare, and cost more. */
const readArc = (der: Uint8Array, from: number, last: number): number | bigint => {
  if (last - from < 7) {
    let arc = 0;
    for (let i = from; i <= last; i += 1) arc = arc * 128 + ((der[i] as number) & 0x7f);
    return arc;
  }
  let arc = 0n;
  for (let i = from; i <= last; i += 1) arc = arc * 128n + BigInt((der[i] as number) & 0x7f);
  return arc;
};

const firstArcs = (arc: number | bigint): string => {
  if (arc < 80) return arc < 40 ? `0.${String(arc)}` : `1.${String(Number(arc) - 40)}`;
  return `2.${String(BigInt(arc) - 80n)}`;
};

/** @throws DerError */
export const readInteger = (der: Uint8Array, tlv: Tlv): bigint => {
  if (tlv.tag !== TAG.integer && tlv.tag !== TAG.enumerated) throw new DerError('tag');
  checkInteger(der, tlv);
  let value = BigInt(`0x${Buffer.from(contentOf(der, tlv)).toString('hex')}`);
  if ((der[tlv.content] as number) >= 0x80) value -= 1n << BigInt(8 * (tlv.end - tlv.content));
  return value;
};

/** @throws DerError */
export const readBoolean = (der: Uint8Array, tlv: Tlv): boolean => {
  if (tlv.tag !== TAG.boolean) throw new DerError('tag');
  checkBoolean(der, tlv);
  return der[tlv.content] === 0xff;
};

/** X.690 section 11.1. */
const checkBoolean = (der: Uint8Array, tlv: Tlv): void => {
  const octet = der[tlv.content];
  if (tlv.end - tlv.content !== 1 || (octet !== 0x00 && octet !== 0xff)) throw new DerError('BOOLEAN');
};

/** X.690 section 8.3.2: the first nine bits are not all equal. */
const checkInteger = (der: Uint8Array, tlv: Tlv): void => {
  const length = tlv.end - tlv.content;
  if (length === 0) throw new DerError('INTEGER');
  if (length > 1) {
    const first = der[tlv.content] as number;
    const second = der[tlv.content + 1] as number;
    if ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80)) throw new DerError('INTEGER not minimal');
  }
};

/** X.690 section 8.19: no arc starts with 0x80, the last octet ends an arc. Forty octets hold every OID in use, and bound the work. */
const checkOid = (der: Uint8Array, tlv: Tlv): void => {
  const length = tlv.end - tlv.content;
  if (length === 0 || length > 40 || (der[tlv.end - 1] as number) >= 0x80) throw new DerError('OID');
  let first = true;
  for (let i = tlv.content; i < tlv.end; i += 1) {
    const octet = der[i] as number;
    if (first && octet === 0x80) throw new DerError('OID not minimal');
    first = octet < 0x80;
  }
};

/** X.690 sections 8.6 and 11.2.1: unused bits at most 7, and zero. Named-bit padding (section 11.2.2) is left to the profiles. */
export const checkBitString = (der: Uint8Array, tlv: Tlv): void => {
  const length = tlv.end - tlv.content;
  if (length === 0) throw new DerError('BIT STRING');
  const unused = der[tlv.content] as number;
  if (unused > 7 || (length === 1 && unused !== 0)) throw new DerError('BIT STRING');
  if (unused > 0 && ((der[tlv.end - 1] as number) & ((1 << unused) - 1)) !== 0) throw new DerError('BIT STRING unused bits');
};

/** X.690 section 11.6: SET OF components ascend as octet strings. */
const checkSetOrder = (der: Uint8Array, parent: Tlv): void => {
  let last: Tlv | null = null;
  let at = parent.content;
  while (at < parent.end) {
    const child = readTlv(der, at, parent.end);
    if (last !== null && Buffer.compare(wholeOf(der, last), wholeOf(der, child)) > 0) throw new DerError('SET OF order');
    last = child;
    at = child.end;
  }
};

/** Universal types that are strings or times: DER has them primitive only (X.690 section 10.2). */
const PRIMITIVE_ONLY = new Set([
  0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x09, 0x0a, 0x0c, 0x0d, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1e,
]);

const checkTlv = (der: Uint8Array, tlv: Tlv, depth: number): void => {
  const constructed = (tlv.tag & 0x20) !== 0;
  if ((tlv.tag & 0xc0) === 0) {
    const number = tlv.tag & 0x1f;
    if (constructed !== (number === 0x10 || number === 0x11) && (constructed || !PRIMITIVE_ONLY.has(number)))
      throw new DerError('primitive or constructed');
    if (number === 0) throw new DerError('end-of-contents');
    if (tlv.tag === TAG.boolean) checkBoolean(der, tlv);
    else if (tlv.tag === TAG.integer || tlv.tag === TAG.enumerated) checkInteger(der, tlv);
    else if (tlv.tag === TAG.bitString) checkBitString(der, tlv);
    else if (tlv.tag === TAG.oid) checkOid(der, tlv);
    else if (tlv.tag === TAG.null && tlv.end !== tlv.content) throw new DerError('NULL');
    else if (tlv.tag === TAG.set) checkSetOrder(der, tlv);
  }
  if (!constructed) return;
  if (depth >= MAX_DEPTH) throw new DerError('depth');
  let at = tlv.content;
  while (at < tlv.end) {
    const child = readTlv(der, at, tlv.end);
    checkTlv(der, child, depth + 1);
    at = child.end;
  }
};

/**
 * The canonical-DER gate: the buffer is exactly one TLV, canonical throughout (what hides inside OCTET STRINGs is not looked at).
 * @throws DerError
 */
export const checkCanonicalDer = (der: Uint8Array): void => {
  const tlv = readTlv(der, 0);
  if (tlv.end !== der.length) throw new DerError('trailing octets');
  checkTlv(der, tlv, 0);
};
