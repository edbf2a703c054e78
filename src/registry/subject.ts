import type { PortedRecord } from '../verification/verdict.js';

/** Of a subject that is new, or was erased: what is next accepted gets a key of its own. */
export const NO_KEY = 0;

/** Everything the gateway holds about one SII. Immutable: `transition` makes the next one. */
export interface Subject {
  /** Slot of this subject's key in the vault; NO_KEY where there is none. */
  readonly keySlot: number;
  readonly mappings: readonly Mapping[];
  /** Seconds: iat of the last release, or `effective` of the last port, whichever is later; 0 = neither. Survives erasure. */
  readonly fence: number;
  /** Since the last release nothing that clears the fence was registered. */
  readonly quarantined: boolean;
  /** Order marks per provider, over registers and withdraws of any signer, and one over prefers; outlive removal. */
  readonly order: readonly OrderMark[];
  /** Default provider per purpose and overall, set by `prefer`. */
  readonly preference: Preference | null;
  /** NP of record by the last port that was settled; null: numbering data alone say. */
  readonly record: PortedRecord | null;
  /** Agreed, and not settled yet. */
  readonly port: AgreedPort | null;
  /** What single providers and the numbering authority last said about ports: at most five. */
  readonly halves: readonly PortHalf[];
  /** Index of the last leaf that changed this subject. */
  readonly leafIndex: number;
}

export interface Mapping {
  readonly provider: string;
  /** The user part of the SSI: `mimi://<provider>/u/<user>`. */
  readonly user: string;
  readonly purpose: 'consumer' | 'business';
  readonly kind: 'user' | 'service';
  /** base64url of 32 octets, or null. */
  readonly circle: string | null;
  /** Index of the leaf of the first registration (refreshes not counted): decides the default. */
  readonly firstIndex: number;
  /** Index of the leaf of the last registration. */
  readonly leafIndex: number;
  /** Seconds. */
  readonly expires: number;
  /** It must be registered again before it expires: its credential no longer stands, though nothing says that it was misused. */
  readonly attest: boolean;
  /** First 16 octets of the SHA-256 of the end-entity certificate, hex: which credential registered it. */
  readonly credential: string;
  /** SPC of the NP or domain of the EP under whom it was registered. */
  readonly authority: string;
  /** SPC of the NP that operates the AP, as it was known when the AP registered; null: none. */
  readonly operator: string | null;
}

export interface PortTerms {
  readonly from: string;
  readonly to: string;
  /** Seconds: from then on `to` is of record. */
  readonly effective: number;
}

export interface AgreedPort extends PortTerms {
  /** Seconds: by then what stays must have been registered again. */
  readonly attestBy: number;
  /** Registered by paths of `to` ahead of the port: nobody can read them before it is settled, and they fall with it. */
  readonly pending: readonly Mapping[];
}

/** The last that one party said about a port. It changes nothing by itself. */
export interface PortHalf extends PortTerms {
  readonly by: 'from' | 'to' | 'authority';
  /** Seconds, and what breaks ties within a second: a half that is not later than the same party's last does not count. */
  readonly iat: number;
  readonly jti: string;
  /** Seconds: no other half pairs with it from then on; 0 once something was agreed after it. */
  readonly until: number;
}

export interface OrderMark {
  /** Empty: over prefers. */
  readonly provider: string;
  /** Seconds. */
  readonly iat: number;
  /** The jti of that event: breaks ties within a second. Empty for a withdrawal by connection. */
  readonly jti: string;
}

export interface Preference {
  readonly default?: string;
  readonly consumer?: string;
  readonly business?: string;
}

export const ssiOf = (mapping: Mapping): string => `mimi://${mapping.provider}/u/${mapping.user}`;

/** Every mapping that the subject holds, whether or not it can be read. */
export const everyMapping = ({ mappings, port }: Subject): readonly Mapping[] =>
  port === null ? mappings : [...mappings, ...port.pending];

/** The user part of an SSI of that provider; null when it is not one. */
export const userOf = (provider: string, ssi: string): string | null => {
  const prefix = `mimi://${provider}/u/`;
  return ssi.length > prefix.length && ssi.startsWith(prefix) ? ssi.slice(prefix.length) : null;
};

/** A subject of which nothing is known yet. */
export const emptySubject = (keySlot: number): Subject => ({
  keySlot,
  mappings: [],
  fence: 0,
  quarantined: false,
  order: [],
  preference: null,
  record: null,
  port: null,
  halves: [],
  leafIndex: 0,
});
