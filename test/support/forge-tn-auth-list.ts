import forge from 'node-forge';
import type { TnEntry } from '../../src/x509/index.js';

/** A second reading and writing of RFC 8226 section 9 by another library: shares no line with src/. */

const { asn1 } = forge;
const IA5 = asn1.Type.IA5STRING;
/** Context-specific tags 0, 1 and 2: forge's enum names the universal types of these numbers. */
type Tag = forge.asn1.Type;
const [TAG_0, TAG_1, TAG_2] = [asn1.Type.NONE, asn1.Type.BOOLEAN, asn1.Type.INTEGER];
const { UNIVERSAL, CONTEXT_SPECIFIC } = asn1.Class;

const ia5 = (text: string): forge.asn1.Asn1 => asn1.create(UNIVERSAL, IA5, false, text);
const tagged = (number: Tag, inner: forge.asn1.Asn1): forge.asn1.Asn1 => asn1.create(CONTEXT_SPECIFIC, number, true, [inner]);

const minimalInteger = (value: number): string => {
  const hex = value.toString(16);
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  return forge.util.hexToBytes(Number.parseInt(even.slice(0, 2), 16) >= 0x80 ? `00${even}` : even);
};

const entryOf = (entry: TnEntry): forge.asn1.Asn1 => {
  if ('spc' in entry) return tagged(TAG_0, ia5(entry.spc));
  if ('tn' in entry) return tagged(TAG_2, ia5(entry.tn));
  const count = asn1.create(UNIVERSAL, asn1.Type.INTEGER, false, minimalInteger(entry.count));
  return tagged(TAG_1, asn1.create(UNIVERSAL, asn1.Type.SEQUENCE, true, [ia5(entry.start), count]));
};

export const forgeEncode = (entries: readonly TnEntry[]): Buffer =>
  Buffer.from(asn1.toDer(asn1.create(UNIVERSAL, asn1.Type.SEQUENCE, true, entries.map(entryOf))).getBytes(), 'latin1');

class Unreadable extends Error {}

const children = (node: forge.asn1.Asn1 | undefined, tagClass: forge.asn1.Class, type: Tag): forge.asn1.Asn1[] => {
  if (node?.tagClass !== tagClass || node.type !== type || !Array.isArray(node.value)) throw new Unreadable();
  return node.value;
};

const textOf = (node: forge.asn1.Asn1 | undefined, allowed: RegExp): string => {
  if (node?.tagClass !== UNIVERSAL || node.type !== IA5 || typeof node.value !== 'string' || !allowed.test(node.value))
    throw new Unreadable();
  return node.value;
};

const countOf = (node: forge.asn1.Asn1 | undefined): number => {
  if (node?.tagClass !== UNIVERSAL || node.type !== asn1.Type.INTEGER || typeof node.value !== 'string') throw new Unreadable();
  const hex = forge.util.bytesToHex(node.value);
  const value = hex === '' || Number.parseInt(hex.slice(0, 2), 16) >= 0x80 ? -1n : BigInt(`0x${hex}`);
  if (value < 2n || value > 10n ** 15n) throw new Unreadable();
  return Number(value);
};

const one = (nodes: forge.asn1.Asn1[], length = 1): forge.asn1.Asn1[] => {
  if (nodes.length !== length) throw new Unreadable();
  return nodes;
};

const readEntry = (node: forge.asn1.Asn1): TnEntry => {
  const [inner] = one(children(node, CONTEXT_SPECIFIC, node.type));
  // oxlint-disable-next-line no-control-regex
  if (node.type === TAG_0) return { spc: textOf(inner, /^[\x00-\x7f]+$/) };
  if (node.type === TAG_2) return { tn: textOf(inner, /^[0-9#*]{1,15}$/) };
  if (node.type !== TAG_1) throw new Unreadable();
  const [start, count] = one(children(inner, UNIVERSAL, asn1.Type.SEQUENCE), 2);
  const range = { start: textOf(start, /^[0-9]{1,15}$/), count: countOf(count) };
  if (BigInt(range.start) + BigInt(range.count) >= 10n ** BigInt(range.start.length)) throw new Unreadable();
  return range;
};

/** The entries, or null for what is not DER of a TNAuthList. */
export const forgeDecode = (der: Buffer): TnEntry[] | null => {
  const bytes = der.toString('latin1');
  try {
    const node = asn1.fromDer(bytes, true);
    if (asn1.toDer(node).getBytes() !== bytes) return null;
    const entries = children(node, UNIVERSAL, asn1.Type.SEQUENCE).map(readEntry);
    return entries.length === 0 || entries.length > 400 ? null : entries;
  } catch {
    return null;
  }
};
