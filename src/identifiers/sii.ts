import { refuse } from '../reasons/index.js';
import { domainInWords, foldDomain, parseDomain } from './domain.js';

/** A service-independent identifier in canonical form: `tel:+12025550100` or `mailto:alice@example.com`. */
export interface Sii {
  readonly uri: string;
}

/** ITU-T E.164: at most 15 digits, no country code starts with 0. Seven is the shortest that may be registered (standards: stir 1.3). */
const TN = /^[1-9][0-9]{6,14}$/;

/**
 * RFC 5322 section 3.2.3 dot-atom, less the characters that RFC 6068 section 2 would have percent-encoded: with them one mailbox would
 * have many spellings. RFC 5321 section 4.5.3.1.1: at most 64 octets.
 */
const LOCAL_PART = /^(?=.{1,64}$)[a-z0-9!$'*+_~-]+(?:\.[a-z0-9!$'*+_~-]+)*$/;

const ASCII = /^\p{ASCII}*$/u;

/** RFC 5321 section 4.5.3.1.3: a path is at most 256 octets with its brackets. */
const MAX_MAILBOX = 254;

/** Whether the text is a number as PASSporTs write it: digits only, country code first (RFC 8224 section 8.3). */
export const isTn = (text: string): boolean => TN.test(text);

/** @throws Refusal `non-canonical-tn` */
export const parseTn = (value: unknown): string => (typeof value === 'string' && isTn(value) ? value : refuse('non-canonical-tn'));

/**
 * Reads an SII as a person or program writes it and folds an e-mail address to its canonical form (ASCII local part in lower case,
 * A-label domain). A number must be `tel:+` and digits: nothing is stripped. Proves the spelling, not that anybody holds it.
 * @throws Refusal `non-canonical-tn`, `non-canonical-uri`
 */
export const parseSii = (value: unknown): Sii => {
  if (typeof value !== 'string') return refuse('non-canonical-uri', 'SII type');
  if (/^tel:/i.test(value)) return { uri: `tel:+${parseTelDigits(value)}` };
  const mail = /^mailto:([^@]*)@([^@]*)$/is.exec(value);
  if (mail === null) return refuse('non-canonical-uri', 'neither tel: nor mailto: with one @');
  return parseMailbox(`mailto:${asciiLower(mail[1] ?? '')}@${foldDomain(mail[2] ?? '')}`);
};

/**
 * An SII that must already be canonical, as signed values must: nothing is folded.
 * @throws Refusal `non-canonical-tn`, `non-canonical-uri`
 */
export const parseCanonicalSii = (value: unknown): Sii => {
  if (typeof value !== 'string') return refuse('non-canonical-uri', 'SII type');
  return value.startsWith('tel:') ? { uri: `tel:+${parseTelDigits(value)}` } : parseMailbox(value);
};

const parseTelDigits = (value: string): string => (value.startsWith('tel:+') ? parseTn(value.slice(5)) : refuse('non-canonical-tn'));

const parseMailbox = (value: string): Sii => {
  const at = value.lastIndexOf('@');
  if (!value.startsWith('mailto:') || at < 0) return refuse('non-canonical-uri', 'neither tel: nor mailto: with one @');
  if (value.length - 'mailto:'.length > MAX_MAILBOX) return refuse('non-canonical-uri', 'mailbox of more than 254 octets');
  const local = value.slice('mailto:'.length, at);
  if (!ASCII.test(local)) return refuse('non-canonical-uri', 'local part beyond ASCII');
  if (!LOCAL_PART.test(local)) return refuse('non-canonical-uri', 'local part');
  parseDomain(value.slice(at + 1));
  return { uri: value };
};

/** ASCII alone is folded: toLowerCase would also turn the Kelvin sign into "k", and one address into another. */
export const asciiLower = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** Digits of a canonical `tel:` SII, or null for a mailbox. */
export const tnOf = (sii: string): string | null => (sii.startsWith('tel:+') ? sii.slice(5) : null);

/** Domain of a canonical `mailto:` SII, or null for a number. */
export const mailDomainOf = (sii: string): string | null => (sii.startsWith('mailto:') ? sii.slice(sii.lastIndexOf('@') + 1) : null);

/** A canonical SII as people read it: of a mailbox the U-labels, the A-labels beside them. */
export const siiInWords = (sii: string): string => {
  const domain = mailDomainOf(sii);
  return domain === null ? sii : sii.slice(0, -domain.length) + domainInWords(domain);
};
