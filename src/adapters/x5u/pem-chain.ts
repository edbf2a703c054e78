import { decodeBase64 } from '../../encoding/index.js';
import { refuse } from '../../reasons/index.js';
import { KEPT_LIMITS } from './limits.js';

const BEGIN = '-----BEGIN CERTIFICATE-----';
const END = '-----END CERTIFICATE-----';

/**
 * The certificates of a PEM text (RFC 7515 section 4.1.5; RFC 8555 section 9.1), DER, in order. Strict and in one pass: blocks of CERTIFICATE, base64,
 * and empty lines between; what another reader could take for something else (a key, text, a header field) spoils the whole.
 * Proves nothing about what the octets are.
 * @throws Refusal `malformed-chain`
 */
export const parsePemChain = (octets: Uint8Array): readonly Buffer[] => {
  if (octets.some((octet) => octet > 0x7e)) return refuse('malformed-chain', 'not text');
  const chain: Buffer[] = [];
  let block: string[] | null = null;
  for (const line of Buffer.from(octets).toString('latin1').split('\n')) {
    const text = line.replace(/[ \t\r]+$/, '');
    if (block === null) {
      if (text === BEGIN) block = [];
      else if (text !== '') return refuse('malformed-chain', 'text outside of CERTIFICATE blocks');
    } else if (text === END) {
      if (chain.length === KEPT_LIMITS.certificates) return refuse('malformed-chain', 'number of certificates');
      chain.push(derOf(block));
      block = null;
    } else block.push(text);
  }
  if (block !== null || chain.length === 0) return refuse('malformed-chain', 'PEM');
  return chain;
};

const derOf = (lines: readonly string[]): Buffer => {
  const der = decodeBase64(lines.join(''));
  return der === null || der.length === 0 ? refuse('malformed-chain', 'base64') : der;
};
