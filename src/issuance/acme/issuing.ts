import { encodeBase64 } from '../../encoding/index.js';
import { refuse } from '../../reasons/index.js';
import { parseCertificate } from '../../x509/index.js';
import type { CredentialDesk } from './credential-desk.js';
import { checkOrderable, parseTnValue } from './identifier.js';
import type { IssuedCertificate, Order } from './record.js';
import type { AcmeRecords } from './records.js';

/** One certificate to be given out under an order. Times in seconds. */
export interface Issue {
  readonly order: Order;
  readonly domain: string;
  readonly spki: Buffer;
  readonly ca: boolean;
  readonly notBefore: number;
  readonly notAfter: number;
}

/**
 * Issues through the desk and records it. Writes, and what a crash after each leaves:
 *  1 the desk's ledger      a certificate that nobody was ever given; the order is as before, and asking again issues another
 *  2 the ACME journal       the certificate is the order's, for good
 */
export class Issuing {
  readonly #records: AcmeRecords;
  readonly #desk: CredentialDesk;

  constructor(records: AcmeRecords, desk: CredentialDesk) {
    this.#records = records;
    this.#desk = desk;
  }

  /** Whether the provider or the holder took back one of these certificates. */
  async isRevoked(certificates: readonly IssuedCertificate[]): Promise<boolean> {
    return certificates.some(({ revoked }) => revoked) || (await this.#desk.isRevoked(certificates.map(({ serial }) => serial)));
  }

  /**
   * Only what the provider grants at this moment, whatever it granted when the order was made.
   * @throws Refusal `not-granted`, and as the desk
   */
  async issue({ order, domain, spki, ca, notBefore, notAfter }: Issue): Promise<IssuedCertificate> {
    const entries = parseTnValue(order.identifier);
    checkOrderable(await this.#desk.grantsOf(domain), entries, { ca, lifetime: notAfter - this.#records.now() });
    const path = await this.#desk.issue({ domain, spki, entries, notBefore, notAfter, ca });
    const certificate = parseCertificate(path[0] ?? refuse('internal-error'));
    const id = this.#records.newId();
    await this.#records.record({
      event: 'issued',
      at: this.#records.now(),
      id,
      order: order.id,
      path: path.map(encodeBase64),
      serial: Buffer.from(certificate.serial).toString('hex'),
      spki: encodeBase64(spki),
      notBefore: certificate.notBefore,
      notAfter: certificate.notAfter,
    });
    return this.#records.state.certificate(id) ?? refuse('internal-error');
  }
}
