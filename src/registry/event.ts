import type { Reason } from '../reasons/index.js';
import type { JudgedUnder, PortedRecord, Signer, Versions } from '../verification/verdict.js';
import type { Preference, Subject } from './subject.js';

/** What every event that came as a PASSporT carries. Times in seconds. */
interface SignedEvent {
  readonly sii: string;
  readonly iat: number;
  readonly exp: number;
  readonly jti: string;
  readonly signer: Signer;
  readonly judgedUnder: JudgedUnder;
}

export interface RegisterEvent extends SignedEvent {
  readonly type: 'register';
  readonly provider: string;
  readonly ssi: string;
  readonly purpose: 'consumer' | 'business';
  readonly kind: 'user' | 'service';
  /** base64url of 32 octets, or null. */
  readonly circle: string | null;
  /** SPC of the NP that operates the AP, or null. */
  readonly operator: string | null;
}

export interface WithdrawEvent extends SignedEvent {
  readonly type: 'withdraw';
  readonly provider: string;
  readonly ssi: string;
}

export interface PreferEvent extends SignedEvent {
  readonly type: 'prefer';
  /** Who presents it, and the user's SSI there. */
  readonly provider: string;
  readonly ssi: string;
  /** At least one member; each a provider's domain. */
  readonly preference: Preference;
}

export interface ReleaseEvent extends SignedEvent {
  readonly type: 'release';
}

/** Of one of both NPs, or of the numbering authority. */
export interface PortEvent extends SignedEvent {
  readonly type: 'port';
  readonly from: string;
  readonly to: string;
  /** Seconds, as the two below: until when the other NP's is waited for, and by when what stays must have been registered again. */
  readonly effective: number;
  readonly pairBy: number;
  readonly attestBy: number;
}

/** An AP gives up its own mapping with its authenticated connection alone. */
export interface ConnectionWithdrawEvent {
  readonly type: 'withdraw-by-connection';
  readonly sii: string;
  readonly provider: string;
  readonly ssi: string;
}

/** Events about one SII; `transition` switches over `type`. */
export type RegistryEvent = RegisterEvent | WithdrawEvent | PreferEvent | ReleaseEvent | PortEvent | ConnectionWithdrawEvent;

/** The gateway's own: credentials no longer stand. One event is about many subjects, and is applied to each of them. */
export interface RevokeEvent {
  readonly type: 'revoke';
  /** Leaf indices of the registrations that fall: a mapping that was registered again since has another and is not meant. */
  readonly registrations: ReadonlySet<number>;
  readonly effect: 'removed' | 'marked';
  /** Seconds: by then a marked mapping must have been registered again. */
  readonly attestBy: number;
  readonly judgedUnder: Versions;
}

/** The gateway's own: mappings have run out. As `revoke`, one event is applied to many subjects. */
export interface ExpireEvent {
  readonly type: 'expire';
  /** Leaf indices of their registrations. */
  readonly registrations: ReadonlySet<number>;
}

/** About many SIIs at once. */
export type SweepEvent = RevokeEvent | ExpireEvent;

export interface TransitionContext {
  /** Index that the leaf of this event will have. */
  readonly index: number;
  /** The sequencer's time in ms; never goes back. */
  readonly time: number;
  /** The versions in force now. */
  readonly versions: Versions;
  /** NP of record (SPC) or EP (domain) now, by numbering data and the last port that was settled. */
  readonly providerOfRecord: (ported: PortedRecord | null) => string | null;
  /** Seconds that a mapping lives after its last registration (policy: 30 days). */
  readonly mappingLifetime: number;
  /** Key slot in the vault for a subject that is new. */
  readonly keySlot: number;
}

export type Transition =
  | { readonly outcome: 'applied'; readonly subject: Subject }
  | { readonly outcome: 'refused'; readonly reason: Reason; readonly detail: string | null }
  /** What the event was judged under has moved: judge again (DESIGN section 3). */
  | { readonly outcome: 'moved' };
