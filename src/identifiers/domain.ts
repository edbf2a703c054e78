import { domainToASCII } from 'node:url';
import { refuse } from '../reasons/index.js';

/** RFC 1035 section 2.3.4: 253 characters as text, 63 a label. RFC 3696 section 2: no top-level label is numeric, so no IPv4 spelling passes. */
const A_LABEL_DOMAIN = /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$/;
const ASCII_HOST = /^[A-Za-z0-9.-]*$/;
const ASCII = /^\p{ASCII}*$/u;

/** Whether the text is a domain name of two or more labels in canonical form: lower case, A-labels that decode (UTS 46), no trailing dot. */
export const isDomain = (text: string): boolean => A_LABEL_DOMAIN.test(text) && (!text.includes('xn--') || domainToASCII(text) === text);

/**
 * A domain that must already be canonical, as signed values must. Proves the spelling, not that the domain exists.
 * @throws Refusal `non-canonical-uri`
 */
export const parseDomain = (value: unknown): string =>
  typeof value === 'string' && isDomain(value) ? value : refuse('non-canonical-uri', 'domain');

/**
 * Folds what people write (upper case, U-labels) to the canonical form by UTS 46.
 * @throws Refusal `non-canonical-uri` when it has none.
 */
export const foldDomain = (text: string): string => {
  // domainToASCII reads a URL host and would percent-decode or cut at a delimiter: ASCII outside letters, digits, hyphen, dot is refused first.
  if (text.length > 1000 || (ASCII.test(text) && !ASCII_HOST.test(text)) || /[%/:?#@\\[\]\s]/.test(text)) {
    return refuse('non-canonical-uri', 'domain');
  }
  return parseDomain(ASCII_HOST.test(text) ? text.toLowerCase() : domainToASCII(text));
};
