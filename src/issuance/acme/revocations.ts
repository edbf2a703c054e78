import { z } from 'zod';
import { decodeBase64url } from '../../encoding/index.js';
import { Refusal, refuse } from '../../reasons/index.js';
import { parseCertificate } from '../../x509/index.js';
import { REVOCATION_REASONS, type RevocationReason } from '../revocation-list.js';
import type { AccountKey } from './account-key.js';
import type { CredentialDesk } from './credential-desk.js';
import { payloadOf } from './payload.js';
import { statusOfAuthorization, type Account, type IssuedCertificate } from './record.js';
import type { AcmeRecords } from './records.js';

const revokeCert = z.object({ certificate: z.string().max(16 * 1024), reason: z.int().optional() });

/** What a holder may say of its own certificate. A hold or an authority's compromise is for the provider to say (RFC 8555 section 7.6). */
const ALLOWED: readonly RevocationReason[] = ['unspecified', 'keyCompromise', 'affiliationChanged', 'superseded', 'cessationOfOperation'];

const reasonOf = (code = 0): RevocationReason =>
  ALLOWED.find((reason) => REVOCATION_REASONS[reason] === code) ?? refuse('revocation-reason');

/** Who asks: an account, or whoever has the certificate's key. */
export type Revoker = { readonly account: Account } | { readonly key: AccountKey };

/** RFC 8555 section 7.6. */
export class Revocations {
  readonly #records: AcmeRecords;
  readonly #desk: CredentialDesk;

  constructor(records: AcmeRecords, desk: CredentialDesk) {
    this.#records = records;
    this.#desk = desk;
  }

  /**
   * @throws Refusal `malformed-request`, `not-found` when this server never issued it, `revocation-not-allowed`, `revocation-reason`,
   * `already-revoked`, `auto-renewal-revocation`
   */
  revoke(by: Revoker, payload: Uint8Array): Promise<void> {
    const asked = payloadOf(payload, revokeCert);
    return this.#records.alone(async () => {
      const certificate = this.#find(decodeBase64url(asked.certificate) ?? refuse('malformed-request', 'certificate'));
      if (!this.#mayRevoke(by, certificate)) return refuse('revocation-not-allowed');
      if (certificate.revoked || (await this.#desk.isRevoked([certificate.serial]))) return refuse('already-revoked');
      const reason = reasonOf(asked.reason);
      // RFC 8739 section 6.6: its short life is its revocation; the order is canceled instead.
      if (this.#records.state.order(certificate.order)?.autoRenewal !== null) return refuse('auto-renewal-revocation');
      // The desk first: what it revoked is revoked, whatever becomes of the record.
      await this.#desk.revoke(certificate.serial, reason);
      await this.#records.record({ event: 'revoked', at: this.#records.now(), certificate: certificate.id, reason });
    });
  }

  /** The certificate itself, octet for octet: a serial number in a forged one finds nothing. */
  #find(der: Buffer): IssuedCertificate {
    try {
      const serial = Buffer.from(parseCertificate(der).serial).toString('hex');
      const found = this.#records.state.certificateOfSerial(serial);
      return found !== null && found.path[0]?.equals(der) === true ? found : refuse('not-found', 'certificate');
    } catch (error) {
      if (error instanceof Refusal && error.reason !== 'not-found') return refuse('malformed-request', 'certificate');
      throw error;
    }
  }

  /**
   * The account that ordered it, one of the same AP that holds an authorization for the same list, or the key that was certified. RFC 8555 section 7.6 asks
   * for all that the certificate names, and it names the AP, which no authorization of another has.
   */
  #mayRevoke(by: Revoker, certificate: IssuedCertificate): boolean {
    if ('key' in by) return by.key.spki.equals(certificate.spki);
    if (by.account.id === certificate.account) return true;
    const { state } = this.#records;
    if (by.account.domain !== state.account(certificate.account)?.domain) return false;
    return state
      .authorizationsOf(by.account.id)
      .some((one) => one.identifier === certificate.identifier && statusOfAuthorization(one, this.#records.now()) === 'valid');
  }
}
