import { parsePhoneNumberWithError, ParseError, type CountryCode } from 'libphonenumber-js/max';
import { parseSii, parseSsi } from '../identifiers/index.js';
import { refuse } from '../reasons/index.js';

/**
 * The SII that a person means: `tel:` and `mailto:` are taken as they are, an address with an @ is a mailbox, and all else is read as a
 * number as people write it. Convenience of the command line alone: authority is decided on the canonical form.
 * @throws Refusal `non-canonical-tn`, `non-canonical-uri`
 */
export const understandSii = (typed: string, country: string | undefined): string => {
  if (/^(?:tel|mailto):/i.test(typed)) return parseSii(typed).uri;
  if (typed.includes('@')) return parseSii(`mailto:${typed}`).uri;
  return parseSii(`tel:${understandNumber(typed, country)}`).uri;
};

const understandNumber = (typed: string, country: string | undefined): string => {
  try {
    const number = parsePhoneNumberWithError(typed, {
      extract: false,
      ...(country === undefined ? {} : { defaultCountry: countryOf(country) }),
    });
    return number.isPossible() && number.ext === undefined ? number.number : refuse('non-canonical-tn', 'not a number that can be dialled');
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    return refuse('non-canonical-tn', country === undefined ? 'give the country code, or --country' : 'not a number');
  }
};

const countryOf = (text: string): CountryCode => text.toUpperCase() as CountryCode;

/** The SSI that a person means: a whole `mimi:` URI, or a user of `provider`. @throws Refusal `non-canonical-uri` */
export const understandSsi = (typed: string, provider: string): string =>
  parseSsi(typed.startsWith('mimi:') ? typed : `mimi://${provider}/u/${typed}`).uri;
