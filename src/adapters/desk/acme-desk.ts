import { rangesOf, type Grant, type IssuedCredential, type RevocationReason } from '../../issuance/index.js';
import type { CredentialDesk, DelegateOrder, TokenAuthorityTrust } from '../../issuance/acme/index.js';
import { decodePem } from '../../encoding/index.js';
import { refuse } from '../../reasons/index.js';
import type { Desk } from './desk.js';
import type { DeskFiles } from './desk-files.js';

const WHY = 'ACME';

/** A desk as its ACME server sees it: what a command could not do, ACME cannot. */
export class AcmeDesk implements CredentialDesk {
  readonly #desk: Desk;
  readonly #files: DeskFiles;

  constructor(desk: Desk, files: DeskFiles) {
    this.#desk = desk;
    this.#files = files;
  }

  grantsOf(domain: string): Promise<readonly Grant[]> {
    return this.#desk.grantsOf(domain);
  }

  async issue({ domain, spki, entries, notBefore, notAfter, ca }: DelegateOrder): Promise<readonly Buffer[]> {
    const request = { to: domain, from: notBefore, lifetime: notAfter - notBefore, asGranted: true, subject: { spki }, why: WHY } as const;
    const numbers = rangesOf(entries);
    return ca ? (await this.#desk.delegateCa(request, numbers)).path : await this.#desk.delegate(request, numbers);
  }

  async revoke(serial: string, reason: RevocationReason): Promise<void> {
    await this.#desk.revoke({ serial, reason, why: WHY });
  }

  isRevoked(serials: readonly string[]): Promise<boolean> {
    return this.#desk.hasRevoked(serials);
  }

  async ownCredential(): Promise<IssuedCredential> {
    return await Promise.resolve(this.#files.own() ?? refuse('credential-missing', "the desk's own credential: issue makes one"));
  }

  /**
   * The desk's own word as a token authority: by its SPC, below its own CA, as its own CRL says. Empty for a desk without an SPC, which has no credential
   * of its own.
   */
  ownAuthority(): readonly TokenAuthorityTrust[] {
    const { identity } = this.#desk;
    const ca = this.#files.ca();
    if (identity.kind !== 'np' || identity.spc === null || ca === null) return [];
    return [
      {
        name: { spc: identity.spc },
        anchors: [ca.certificate],
        crls: this.#ownLists(),
        profile: 'delegate',
        revocation: 'required',
        fingerprint: 'rfc7638',
      },
    ];
  }

  /** None before the first: then no authority token counts. */
  #ownLists(): Buffer[] {
    const pem = this.#files.disk.read(this.#files.path('crls/ca.pem'));
    return pem === null ? [] : decodePem(pem.toString('latin1')).map(({ der }) => der);
  }
}
