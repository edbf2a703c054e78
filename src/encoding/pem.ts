import forge from 'node-forge';
import { refuse } from '../reasons/index.js';

/** One PEM block: the label between BEGIN and END, and its octets. */
export interface PemBlock {
  readonly label: string;
  readonly der: Buffer;
}

/** RFC 9060 section 5: x5u gives a whole path; bundles of anchors are longer. Bounds the work on hostile text. */
const MAX_PEM_BYTES = 4 * 1024 * 1024;

/**
 * The blocks of a PEM text (RFC 7468), comments between them ignored.
 * @throws Refusal `malformed-chain` when there is none or one is broken.
 */
export const decodePem = (text: string): PemBlock[] => {
  if (text.length > MAX_PEM_BYTES) return refuse('malformed-chain', 'PEM size');
  try {
    return forge.pem.decode(text).map((block) => ({ label: block.type, der: Buffer.from(block.body, 'latin1') }));
  } catch {
    return refuse('malformed-chain', 'PEM');
  }
};

/** RFC 7468 section 2: lines of 64 characters. */
export const encodePem = (label: string, der: Uint8Array): string => {
  const body = Buffer.from(der)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;
};
