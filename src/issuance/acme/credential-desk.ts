import type { TnEntry } from '../../x509/index.js';
import type { Grant } from '../grants.js';
import type { IssuedCredential } from '../credential.js';
import type { RevocationReason } from '../revocation-list.js';

/** What ACME asks a desk for. Times in seconds. */
export interface DelegateOrder {
  readonly domain: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer;
  readonly entries: readonly TnEntry[];
  /** When it begins at the earliest: the desk never begins before the moment of issuing. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly ca: boolean;
}

/**
 * The desk as ACME sees it. Its own rules hold whatever ACME asks: scope, keys, times. What it issued is in its ledger before it is handed over.
 * Every method: @throws Refusal as the desk's own commands, Unavailable `overloaded` while others hold the desk.
 */
export interface CredentialDesk {
  /** What this AP is granted now. Read anew each time. */
  grantsOf(domain: string): Promise<readonly Grant[]>;
  /**
   * DER of the path, the new certificate first, no anchor. What was granted is looked at once more where nobody can take it back meanwhile.
   * @throws Refusal `not-granted`
   */
  issue(order: DelegateOrder): Promise<readonly Buffer[]>;
  /** Serial number in hexadecimal. Durable, and on the next CRL. */
  revoke(serial: string, reason: RevocationReason): Promise<void>;
  /** Whether one of them is revoked, whoever revoked it. */
  isRevoked(serials: readonly string[]): Promise<boolean>;
  /** What signs authority tokens. @throws Refusal `credential-missing` */
  ownCredential(): Promise<IssuedCredential>;
}
