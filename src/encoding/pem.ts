import { refuse } from '../reasons/index.js';
import { decodeBase64 } from './base64.js';

/** One PEM block: the label between BEGIN and END, and its octets. */
export interface PemBlock {
  readonly label: string;
  readonly der: Buffer;
}

/** RFC 9060 section 5: x5u gives a whole path; bundles of anchors are longer. Bounds the work on hostile text. */
const MAX_PEM_BYTES = 4 * 1024 * 1024;

const BEGIN = '-----BEGIN ';
const DASHES = '-----';
/** The longest in use has 23 characters. */
const MAX_LABEL = 64;
/** RFC 7468 section 3. */
const LABEL = /^[A-Z0-9]+(?:[ -][A-Z0-9]+)*$/;

/**
 * The blocks of a PEM text (RFC 7468), in one pass; what stands between blocks is ignored, white space in them too. node-forge took a quarter of a
 * second for a megabyte, and passed over blocks that do not end.
 * @throws Refusal `malformed-chain` when there is none or one is broken.
 */
export const decodePem = (text: string): PemBlock[] => {
  if (text.length > MAX_PEM_BYTES) return refuse('malformed-chain', 'PEM size');
  const blocks: PemBlock[] = [];
  for (let at = text.indexOf(BEGIN); at >= 0;) {
    const labelled = text.indexOf(DASHES, at + BEGIN.length);
    const label = labelled < 0 ? '' : text.slice(at + BEGIN.length, labelled);
    if (label.length > MAX_LABEL || !LABEL.test(label)) return refuse('malformed-chain', 'PEM');
    const end = `${DASHES}END ${label}${DASHES}`;
    // The next dashes must be those of the end: base64 has none, and RFC 1421 headers would be an encrypted key's.
    const body = labelled + DASHES.length;
    const ended = text.indexOf(DASHES, body);
    if (ended < 0 || !text.startsWith(end, ended)) return refuse('malformed-chain', 'PEM');
    const der = decodeBase64(text.slice(body, ended).replace(/\s+/g, ''));
    if (der === null || der.length === 0) return refuse('malformed-chain', 'PEM');
    blocks.push({ label, der });
    at = text.indexOf(BEGIN, ended + end.length);
  }
  return blocks.length === 0 ? refuse('malformed-chain', 'PEM') : blocks;
};

/** RFC 7468 section 2: lines of 64 characters. */
export const encodePem = (label: string, der: Uint8Array): string => {
  const body = Buffer.from(der)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;
};
