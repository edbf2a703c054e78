import { domainInWords, parseSsi } from '../../identifiers/index.js';
import type { SubscriberWish } from '../../ports/index.js';

/** What a text must tell (docs/adr/0011): to whom the code gives what. */
const PLACES = ['provider', 'user', 'purpose', 'code'] as const;
type Place = (typeof PLACES)[number];

const PLACE = /\{([^{}]*)\}/g;
/** Five short messages; a template that is longer is a mistaken file. */
const MAX_TEMPLATE = 640;

/** Short enough for one text message of 160 characters with a domain and a user of 20 each. */
export const DEFAULT_MESSAGE =
  'Code {code} lets {provider} be found under your number as {user} ({purpose}). Did you not ask for this? Then tell the code to nobody.';

const isPlace = (name: string): name is Place => PLACES.some((place) => place === name);

/** What is wrong with an operator's template; null: nothing. */
export const messageFault = (template: string): string | null => {
  if (template.length > MAX_TEMPLATE) return `longer than ${MAX_TEMPLATE} characters`;
  if (/\p{Cc}/u.test(template.replaceAll('\n', ''))) return 'holds control characters';
  const names = [...template.matchAll(PLACE)].map(([, name = '']) => name);
  const unknown = names.find((name) => !isPlace(name));
  if (unknown !== undefined) return 'has a placeholder other than {provider}, {user}, {purpose} and {code}';
  const missing = PLACES.find((place) => !names.includes(place));
  return missing === undefined ? null : `does not tell {${missing}}`;
};

/**
 * The text that the subscriber reads. It states the most that the code can bring about: a circle only narrows who finds the mapping, so it is not told.
 */
export const messageOf = (template: string, wish: SubscriberWish, code: string): string => {
  const values: Readonly<Record<Place, string>> = {
    provider: domainInWords(wish.provider),
    user: parseSsi(wish.ssi).user,
    purpose: wish.kind === 'service' ? `${wish.purpose} service` : wish.purpose,
    code,
  };
  // One pass over the template alone: nothing that stands in a value is looked at for placeholders.
  return template.replace(PLACE, (whole, name: string) => (isPlace(name) ? values[name] : whole));
};
