import { refuse } from '../reasons/index.js';
import { holdsNumbers, type NumberRange } from './numbers.js';

/** What an AP may be given over the network, as it stands (docs/adr/0010). */
export interface Grant {
  /** The AP's domain. */
  readonly to: string;
  readonly numbers: readonly NumberRange[];
  /** Addresses, or all of the desk's domain. */
  readonly mailboxes: readonly string[] | 'all';
  /** Whether a CA may be given over them. */
  readonly ca: boolean;
  /** Seconds; null: as long as the desk's own certificate allows. */
  readonly lifetimeMax: number | null;
  /** Since when, seconds. */
  readonly at: number;
  readonly why: string | null;
}

/** What an AP asks for. */
export interface Wanted {
  readonly numbers?: readonly NumberRange[];
  readonly mailbox?: string;
  readonly ca?: boolean;
  /** Seconds; absent: it is not settled yet. */
  readonly lifetime?: number;
}

const permits = ({ ca, lifetimeMax }: Grant, wanted: Wanted): boolean =>
  (wanted.ca !== true || ca) && (wanted.lifetime === undefined || lifetimeMax === null || wanted.lifetime <= lifetimeMax);

/**
 * Whether the grants of one AP, those together that allow a CA and the lifetime where these are wanted, cover all that it asks for. Proves that the operator
 * said yes, not that the desk holds the numbers: issuing checks that.
 * @throws Refusal `not-granted`; `malformed-request` for nothing at all; `non-canonical-tn`, `range-overflow`
 */
export const checkGranted = (grants: readonly Grant[], wanted: Wanted): void => {
  const { numbers = [], mailbox } = wanted;
  if (numbers.length === 0 && mailbox === undefined) return refuse('malformed-request', 'nothing is asked for');
  const fitting = grants.filter((grant) => permits(grant, wanted));
  const granted = fitting.flatMap((grant) => grant.numbers);
  if (!holdsNumbers(granted, numbers)) return refuse('not-granted', 'numbers');
  const hasMailbox = mailbox === undefined || fitting.some(({ mailboxes }) => mailboxes === 'all' || mailboxes.includes(mailbox));
  if (!hasMailbox) refuse('not-granted', 'mailbox');
};
