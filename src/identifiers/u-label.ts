import { hasDeceptiveForm, isOfOneWritingSystem, mixesDigits, passesForLatin } from './label-script.js';

/**
 * RFC 5892: letters, marks, digits and the hyphen, with the exceptions of section 2.6. No symbol and no emoji. The runtime's UTS 46 has refused
 * what is unassigned, not NFC, mapped to something else, or begins with a mark; it knows no more than a browser asks.
 */
const ALPHABET = /^[\p{L}\p{M}\p{Nd}\-\u00b7\u0375\u05f3\u05f4\u06fd\u06fe\u0f0b\u3007\u30fb\u200c\u200d]+$/u;
const DISALLOWED = /[\u0640\u07fa\u302e\u302f\u3031-\u3035\u303b]/u;

/** RFC 5892 appendix A.3 to A.7: characters that are valid in one place alone. The joiners (A.1, A.2) are the runtime's. */
const OUT_OF_PLACE = [
  /(?<!l)\u00b7|\u00b7(?!l)/u,
  /\u0375(?!\p{Script=Grek})/u,
  /(?<!\p{Script=Hebr})[\u05f3\u05f4]/u,
  /^(?!.*[\p{Script=Hira}\p{Script=Kana}\p{Script=Hani}]).*\u30fb/u,
];

const RIGHT_TO_LEFT = /[\p{Script=Hebr}\p{Script=Arab}\p{Script=Thaa}]/u;

const faultOf = (label: string, topLevel: string): string | null => {
  // RFC 5891 section 5.4: a label of ASCII has no A-label; "xn--abc-" would be a second spelling of "abc".
  if (/^\p{ASCII}*$/u.test(label)) return 'an A-label of ASCII';
  if (!ALPHABET.test(label) || DISALLOWED.test(label)) return 'a character that no label has';
  if (OUT_OF_PLACE.some((pattern) => pattern.test(label))) return 'a character out of place';
  // RFC 5891 section 4.2.3.1.
  if (/^-|-$|^..--/u.test(label)) return 'a hyphen out of place';
  if (!isOfOneWritingSystem(label) || mixesDigits(label)) return 'mixed scripts';
  return hasDeceptiveForm(label) || passesForLatin(label, topLevel) ? 'a label that passes for another' : null;
};

/**
 * RFC 5893 section 2, rules 1, 3 and 6, on labels of one script: where a name has a right-to-left label, each label begins with a letter, so that no
 * digit moves across the dot when the name is displayed.
 */
const movesDigits = (labels: readonly string[]): boolean =>
  labels.some((label) => RIGHT_TO_LEFT.test(label)) && labels.some((label) => !/^\p{L}/u.test(label));

/**
 * What is wrong with a domain name written in U-labels, already lower case, NFC and valid by UTS 46; null: nothing. Stricter than IDNA2008:
 * mixed scripts and labels that pass for others are refused.
 */
export const unicodeFaultOf = (labels: readonly string[], isALabel: (index: number) => boolean): string | null => {
  const topLevel = labels.at(-1) ?? '';
  for (const [index, label] of labels.entries()) {
    const fault = isALabel(index) ? faultOf(label, topLevel) : null;
    if (fault !== null) return fault;
  }
  return movesDigits(labels) ? 'right-to-left beside digits' : null;
};
