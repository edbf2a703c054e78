import type { TnEntry } from '../../x509/index.js';
import type { IssuedCredential } from '../credential.js';
import type { RevocationReason } from '../revocation-list.js';

/** What an NP lets one AP have credentials over, now. */
export interface ApGrants {
  /** Numbers and, where it gives those away, its SPC. */
  readonly entries: readonly TnEntry[];
  /** Whether CAs too. */
  readonly ca: boolean;
}

/** What ACME asks a desk for. Times in seconds. */
export interface DelegateOrder {
  readonly domain: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer;
  readonly entries: readonly TnEntry[];
  readonly notBefore: number;
  readonly notAfter: number;
  readonly ca: boolean;
}

/**
 * The desk as ACME sees it. Its own rules hold whatever ACME asks: scope, keys, times. What it issued is in its ledger before it is handed over.
 * Every method: @throws Refusal as the desk's own commands, Unavailable `overloaded` while others hold the desk.
 */
export interface CredentialDesk {
  /** Null: nothing is granted to this AP. Read anew each time. */
  grantsOf(domain: string): Promise<ApGrants | null>;
  /** DER of the path, the new certificate first, no anchor. */
  issue(order: DelegateOrder): Promise<readonly Buffer[]>;
  /** Serial number in hexadecimal. Durable, and on the next CRL. */
  revoke(serial: string, reason: RevocationReason): Promise<void>;
  /** What signs authority tokens. @throws Refusal `credential-missing` */
  ownCredential(): Promise<IssuedCredential>;
}
