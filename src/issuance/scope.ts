import { mailDomainOf, parseCanonicalSii } from '../identifiers/index.js';
import type { NumberingPlan } from '../numbering/index.js';
import { refuse } from '../reasons/index.js';
import { encompasses, type TnEntry } from '../x509/index.js';
import { rangesOf } from './numbers.js';

const isNumber = (entry: TnEntry): boolean => !('spc' in entry);

/**
 * A desk never issues beyond its own scope (RFC 9060 section 4). An SPC in its own certificate would encompass any number for want of numbering
 * data; where the desk's list names numbers, it has said what it holds, and these bind.
 * @throws Refusal `not-encompassed`
 */
export const checkScope = (own: readonly TnEntry[], requested: readonly TnEntry[]): void => {
  const numbers = own.filter(isNumber);
  if (!encompasses(own, requested)) return refuse('not-encompassed', 'requested entries');
  const asked = requested.filter(isNumber);
  if (numbers.length > 0 && asked.length > 0 && !encompasses(numbers, asked)) return refuse('not-encompassed', 'requested numbers');
};

/** Whose numbers a desk gives out, by which data, now (ms). */
export interface Holding {
  /** Null: an enterprise, which holds what its certificate names. */
  readonly spc: string | null;
  /** Null: the desk has no numbering data. */
  readonly plan: NumberingPlan | null;
  readonly now: number;
}

/**
 * Whether the numbers are the provider's own (docs/adr/0010): by numbering data where the desk has them; without, a certificate that names numbers has said
 * what it holds, and one with an SPC alone has said nothing.
 * @throws Refusal `tn-out-of-scope`
 */
export const checkHeld = (own: readonly TnEntry[], requested: readonly TnEntry[], { spc, plan, now }: Holding): void => {
  const numbers = rangesOf(requested);
  if (numbers.length === 0) return;
  if (spc === null || plan === null) {
    if (!own.some(isNumber)) refuse('tn-out-of-scope', 'the desk has no numbering data');
  } else if (!numbers.every((range) => plan.holdsAll(spc, range, now))) refuse('tn-out-of-scope', 'by numbering data');
};

/**
 * A mailbox of the EP's own domain, in the canonical form.
 * @throws Refusal `non-canonical-uri`, `email-out-of-scope`
 */
export const checkMailbox = (mailbox: string, domain: string): void => {
  if (mailDomainOf(parseCanonicalSii(`mailto:${mailbox}`).uri) !== domain) refuse('email-out-of-scope', 'mailbox');
};

/**
 * DESIGN section 7: the fence after a release or port compares notBefore, so a backdated certificate would come too early to be stopped,
 * and a certificate that outlives its issuer would be refused at the end.
 * @throws Refusal `malformed-request`
 */
export const checkTimes = (now: number, notBefore: number, notAfter: number, issuerNotAfter: number): void => {
  if (notBefore < now) return refuse('malformed-request', 'notBefore is in the past');
  if (notAfter <= notBefore) return refuse('malformed-request', 'lifetime');
  if (notAfter > issuerNotAfter) return refuse('malformed-request', 'the certificate would outlive its issuer');
};
