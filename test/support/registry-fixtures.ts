import { createHash } from 'node:crypto';
import {
  transition,
  type ExpireEvent,
  type PortEvent,
  type PreferEvent,
  type RegisterEvent,
  type RegistryEvent,
  type ReleaseEvent,
  type RevokeEvent,
  type SweepEvent,
  type Subject,
  type Transition,
  type TransitionContext,
  type WithdrawEvent,
} from '../../src/registry/index.js';
import type { Signer } from '../../src/verification/verdict.js';

export const SII = 'tel:+12025550100';
/** Seconds; the day that the tests live in. */
export const DAY = 1_795_000_000;

export const VERSIONS = { trust: 'aa', revocation: 'bb', numbering: 'cc', policy: 'dd' } as const;
export const JUDGED_UNDER = { ...VERSIONS, providerOfRecord: '709J', underPort: null } as const;

const digestOf = (text: string): Uint8Array => createHash('sha256').update(text).digest();

/** A delegate credential of that provider, assigned (notBefore) at `assignedAfter`. */
export const delegate = (provider: string, assignedAfter: number): Signer => ({
  kind: 'delegate',
  profile: 'delegate',
  spc: '709J',
  domain: null,
  spkiDigest: digestOf(`spki ${provider}`),
  assignedAfter,
  fingerprints: [digestOf(`cert ${provider} ${assignedAfter}`)],
  personal: [true],
});

/** The NP of record itself: its assignment is the PASSporT's iat. */
export const numberProvider = (iat: number): Signer => ({ ...delegate('np.example', iat), kind: 'np' });

export const jti = (number: number): string => `jti-${number.toString().padStart(18, '0')}`;

const signed = (iat: number, number: number) => ({ sii: SII, iat, exp: iat + 600, jti: jti(number), judgedUnder: JUDGED_UNDER });

export const registering = (provider: string, iat: number, more: Partial<RegisterEvent> = {}): RegisterEvent => ({
  ...signed(iat, 1),
  type: 'register',
  signer: delegate(provider, DAY - 1000),
  provider,
  ssi: `mimi://${provider}/u/alice`,
  purpose: 'consumer',
  kind: 'user',
  circle: null,
  operator: null,
  ...more,
});

export const withdrawing = (provider: string, iat: number, more: Partial<WithdrawEvent> = {}): WithdrawEvent => ({
  ...signed(iat, 2),
  type: 'withdraw',
  signer: delegate(provider, DAY - 1000),
  provider,
  ssi: `mimi://${provider}/u/alice`,
  ...more,
});

export const preferring = (
  provider: string,
  iat: number,
  preference: PreferEvent['preference'],
  more: Partial<PreferEvent> = {},
): PreferEvent => ({
  ...signed(iat, 4),
  type: 'prefer',
  signer: delegate(provider, DAY - 1000),
  provider,
  ssi: `mimi://${provider}/u/alice`,
  preference,
  ...more,
});

export const releasing = (iat: number, more: Partial<ReleaseEvent> = {}): ReleaseEvent => ({
  ...signed(iat, 3),
  type: 'release',
  signer: numberProvider(iat),
  ...more,
});

/** What has run out goes. */
export const expiring = (registrations: readonly number[]): ExpireEvent => ({ type: 'expire', registrations: new Set(registrations) });

export const givingUp = (provider: string): RegistryEvent => ({
  type: 'withdraw-by-connection',
  sii: SII,
  provider,
  ssi: `mimi://${provider}/u/alice`,
});

/** By `from`, the NP of record, unless `more` has another signer. The terms of policy are 72 h and 14 days. */
export const porting = (to: string, effective: number, iat: number, more: Partial<PortEvent> = {}): PortEvent => ({
  ...signed(iat, 5),
  type: 'port',
  signer: numberProvider(iat),
  from: '709J',
  to,
  effective,
  pairBy: iat + 72 * 3600,
  attestBy: effective + 14 * 86_400,
  ...more,
});

/** The sweep's event: those registrations fall. */
export const revoking = (effect: RevokeEvent['effect'], registrations: readonly number[], attestBy = DAY + 14 * 86_400): RevokeEvent => ({
  type: 'revoke',
  registrations: new Set(registrations),
  effect,
  attestBy,
  judgedUnder: VERSIONS,
});

/** `at` in seconds. */
export const contextAt = (at: number, index: number, more: Partial<TransitionContext> = {}): TransitionContext => ({
  index,
  time: at * 1000,
  versions: VERSIONS,
  providerOfRecord: () => '709J',
  mappingLifetime: 30 * 86_400,
  keySlot: 7,
  ...more,
});

/** The subject that a transition must have made. */
export const subjectOf = (made: Transition): Subject => {
  if (made.outcome !== 'applied') throw new Error(`not applied: ${JSON.stringify(made)}`);
  return made.subject;
};

/** The reason that a transition must have given, or what it did instead. */
export const reasonOf = (made: Transition): string => (made.outcome === 'refused' ? made.reason : made.outcome);

/** Applies events one a second from DAY on, each of which must be accepted. */
export const after = (...events: readonly (RegistryEvent | SweepEvent)[]): Subject =>
  events.reduce<Subject | null>(
    (subject, event, index) => subjectOf(transition(subject, event, contextAt(DAY + 100 + index, index))),
    null,
  ) ?? subjectOf({ outcome: 'moved' });

export const CIRCLE = Buffer.alloc(32, 0x11).toString('base64url');
export const OTHER_CIRCLE = Buffer.alloc(32, 0x22).toString('base64url');
