import { domainToASCII, domainToUnicode } from 'node:url';
import { refuse } from '../reasons/index.js';
import { unicodeFaultOf } from './u-label.js';

/** RFC 1035 section 2.3.4: 253 characters as text, 63 a label. RFC 3696 section 2: no top-level label is numeric, so no IPv4 spelling passes. */
const A_LABEL_DOMAIN = /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/;
/** RFC 5890 section 2.3.1: of the labels with "--" in third and fourth place only A-labels mean anything. */
const RESERVED_LABEL = /(?:^|\.)(?!xn)..--/;
const ASCII_HOST = /^[A-Za-z0-9.-]*$/;
/** ASCII besides letters, digits, hyphen and dot, and all control characters. */
const FOREIGN = /\p{Cc}|(?![A-Za-z0-9.-])\p{ASCII}/u;
/** No name of 253 characters has so many code units before it is folded. */
const MAX_TYPED = 1000;

const faultOf = (text: string): string | null => {
  if (!A_LABEL_DOMAIN.test(text)) return 'not a domain in lower case, A-labels';
  if (RESERVED_LABEL.test(text)) return 'a reserved label';
  if (!text.includes('xn--')) return null;
  const unicode = domainToUnicode(text);
  // RFC 5891 section 5.4: an A-label is one only if it decodes, and its U-label encodes to it again.
  if (domainToASCII(text) !== text || domainToASCII(unicode) !== text) return 'an A-label that is none';
  const labels = text.split('.');
  return unicodeFaultOf(unicode.split('.'), (index) => labels[index]?.startsWith('xn--') === true);
};

/**
 * Whether the text is a domain name of two or more labels in canonical form: lower case, A-labels that decode (UTS 46, non-transitional) to labels of
 * IDNA2008 in one writing system, no trailing dot (ADR 9).
 */
export const isDomain = (text: string): boolean => faultOf(text) === null;

/**
 * A domain that must already be canonical, as signed values must. Proves the spelling, not that the domain exists.
 * @throws Refusal `non-canonical-uri`
 */
export const parseDomain = (value: unknown): string => {
  if (typeof value !== 'string') return refuse('non-canonical-uri', 'domain');
  const fault = faultOf(value);
  return fault === null ? value : refuse('non-canonical-uri', `domain: ${fault}`);
};

/**
 * Folds what people write (upper case, U-labels) to the canonical form by UTS 46, non-transitional.
 * @throws Refusal `non-canonical-uri` when it has none.
 */
export const foldDomain = (text: string): string => {
  // domainToASCII reads a URL's host: it would percent-decode, cut at a delimiter, and trim controls, so these are refused first.
  if (text.length > MAX_TYPED || FOREIGN.test(text)) return refuse('non-canonical-uri', 'domain: a character that no label has');
  if (ASCII_HOST.test(text)) return parseDomain(text.toLowerCase());
  const ascii = domainToASCII(text);
  return ascii === '' ? refuse('non-canonical-uri', 'domain: not valid by UTS 46') : parseDomain(ascii);
};

/** A canonical domain as people read it: its U-labels and, where they differ, the name itself beside them. */
export const domainInWords = (domain: string): string => {
  const unicode = domainToUnicode(domain);
  return unicode === domain ? domain : `${unicode} (${domain})`;
};
