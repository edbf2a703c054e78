import { TRUST_PROFILES, type TrustProfile } from '../verification/verdict.js';
import { parseCertificate, type TnEntry } from '../x509/index.js';
import { issueCa, issueRoot, type Authority, type IssuingSources } from './authority.js';
import type { IssuedCredential } from './credential.js';
import { AUTHORITIES, distributionPointOf } from './development-plan.js';
import { issueEndEntity, pathOf, type EndEntityContent } from './end-entity.js';
import type { Binding } from './extensions.js';
import { newKeyPair, type KeyPair } from './keys.js';
import { numberEntries, type NumberRange } from './numbers.js';
import { OID } from './object-identifiers.js';
import { issueRevocationList, type RevocationReason, type RevokedEntry } from './revocation-list.js';
import { subjectName } from './subject-name.js';

const DAY = 86_400;
/** A development PKI is made once and used for months: one that runs out after a day would only be switched off. */
const AUTHORITY_LIFETIME = 3650 * DAY;
export const CREDENTIAL_LIFETIME = 365 * DAY;
export const CRL_LIFETIME = 365 * DAY;

/** What every kind of end-entity may be asked to differ in. Times in seconds. */
export interface Variation {
  readonly notBefore?: number;
  readonly lifetime?: number;
  readonly key?: KeyPair;
  /** The CA that issues; the profile's own when absent. */
  readonly issuer?: Authority;
}

export interface DelegateRequest extends Variation {
  readonly spc: string;
  readonly provider: string;
  readonly numbers: readonly NumberRange[];
  readonly permitted?: Binding['permitted'];
}

export interface DevelopmentState {
  readonly authorities: ReadonlyMap<string, Authority>;
  readonly revoked: ReadonlyMap<string, readonly RevokedEntry[]>;
  readonly crlNumbers: ReadonlyMap<string, number>;
}

const freshAuthorities = ({ now, random }: IssuingSources): Map<string, Authority> => {
  const made = new Map<string, Authority>();
  const notBefore = Math.floor(now() / 1000);
  const terms = { random, notBefore, notAfter: notBefore + AUTHORITY_LIFETIME };
  for (const { name, parent, curve, content } of AUTHORITIES) {
    const issuer = parent === null ? null : made.get(parent);
    if (issuer === undefined) throw new Error('an authority is planned before its issuer');
    made.set(name, issuer === null ? issueRoot(newKeyPair(curve), content, terms) : issueCa(issuer, newKeyPair(curve), content, terms));
  }
  return made;
};

/**
 * The whole hierarchy of a development PKI in memory: issues whatever a test, demonstration or benchmark asks for, within no scope but the
 * caller's. Its keys are as safe as the process; never an anchor in production.
 */
export class DevelopmentPki {
  readonly #sources: IssuingSources;
  readonly #authorities: Map<string, Authority>;
  readonly #revoked: Map<string, RevokedEntry[]>;
  readonly #crlNumbers: Map<string, number>;

  constructor(sources: IssuingSources, state?: DevelopmentState) {
    this.#sources = sources;
    this.#authorities = state === undefined ? freshAuthorities(sources) : new Map(state.authorities);
    this.#revoked = new Map(Array.from(state?.revoked ?? [], ([name, entries]) => [name, [...entries]]));
    this.#crlNumbers = new Map(state?.crlNumbers);
  }

  state(): DevelopmentState {
    return { authorities: this.#authorities, revoked: this.#revoked, crlNumbers: this.#crlNumbers };
  }

  authority(name: string): Authority {
    const authority = this.#authorities.get(name);
    if (authority === undefined) throw new Error(`the development PKI has no authority ${name}`);
    return authority;
  }

  /** The anchors of each trust profile, DER. */
  anchors(): Record<TrustProfile, Buffer[]> {
    const of = (profile: TrustProfile): Buffer[] =>
      AUTHORITIES.filter((planned) => planned.profile === profile).map(({ name }) => this.authority(name).certificate);
    const [delegate, shaken, email, numbering] = TRUST_PROFILES;
    return { [delegate]: of(delegate), [shaken]: of(shaken), [email]: of(email), [numbering]: of(numbering) };
  }

  /** The NP's own credential under `delegate`: an end-entity with its SPC. */
  npCredential(spc: string, variation: Variation = {}): IssuedCredential {
    const subject = subjectName({ country: 'US', commonName: `NP ${spc}` });
    return this.#issue(`np-${spc}`, { subject, numbers: [{ spc }] }, variation);
  }

  /** The NP's own credential under `shaken`. */
  shakenCredential(spc: string, variation: Variation = {}): IssuedCredential {
    const subject = subjectName({ country: 'US', organization: 'Signpost Development', commonName: `SHAKEN ${spc}` });
    return this.#issue('shaken-ca-1', { subject, numbers: [{ spc }], policies: [OID.shakenPolicy] }, variation);
  }

  /** A delegate credential for numbers, bound to one AP. */
  delegate({ spc, provider, numbers, permitted, ...variation }: DelegateRequest): IssuedCredential {
    const binding = permitted === undefined ? { provider } : { provider, permitted };
    const subject = subjectName({ commonName: `delegate for ${provider}` });
    return this.#issue(`np-${spc}`, { subject, numbers: numberEntries(numbers), binding }, variation);
  }

  /** A CA below the NP's that may delegate these numbers further: give it as `issuer` to `delegate`. */
  delegateCa(spc: string, commonName: string, numbers: readonly NumberRange[], variation: Variation = {}): Authority {
    const content = { subject: subjectName({ commonName }), numbers: numberEntries(numbers) };
    const authority = this.#issueCa(variation.issuer ?? this.authority(`np-${spc}`), content, variation);
    this.#authorities.set(`delegate-ca-${Buffer.from(parseCertificate(authority.certificate).serial).toString('hex')}`, authority);
    return authority;
  }

  /** An EP's own credential. */
  ep(domain: string, variation: Variation = {}): IssuedCredential {
    return this.#issue('ep-ca', { subject: subjectName({ commonName: domain }), names: [{ dns: domain }] }, variation);
  }

  /** A mailbox credential, bound to one AP. */
  mailbox(mailbox: string, provider: string, variation: Variation & Pick<DelegateRequest, 'permitted'> = {}): IssuedCredential {
    const { permitted, ...rest } = variation;
    const binding = permitted === undefined ? { provider } : { provider, permitted };
    return this.#issue('mailbox-ca', { subject: subjectName({ commonName: 'mailbox' }), names: [{ mailbox }], binding }, rest);
  }

  /** The numbering authority's credential; with a list it speaks for these entries alone. */
  numberingAuthority(numbers?: readonly TnEntry[], variation: Variation = {}): IssuedCredential {
    const subject = subjectName({ commonName: 'Numbering Authority signer' });
    return this.#issue('numbering-authority', { subject, ...(numbers === undefined ? {} : { numbers }) }, variation);
  }

  /** A client certificate for mutual TLS: exactly one dNSName (CONTRACT section 2). */
  tlsClient(domain: string, variation: Variation = {}): IssuedCredential {
    const content = { subject: subjectName({ commonName: domain }), names: [{ dns: domain }], purposes: [OID.clientAuth] };
    return this.#issue('tls-ca', content, variation);
  }

  tlsServer(variation: Variation = {}): IssuedCredential {
    const names = [{ dns: 'localhost' }, { ip: Buffer.from([127, 0, 0, 1]) }];
    return this.#issue('tls-ca', { subject: subjectName({ commonName: 'localhost' }), names, purposes: [OID.serverAuth] }, variation);
  }

  /** From the next `crls()` on the certificate is revoked. Times in seconds. */
  revoke(certificate: Buffer, issuer: Authority, reason: RevocationReason = 'unspecified', invalidSince?: number): void {
    const name = this.#nameOf(issuer);
    const entries = this.#revoked.get(name) ?? [];
    const { serial } = parseCertificate(certificate);
    entries.push({ serial, revokedAt: this.#seconds(), reason, ...(invalidSince === undefined ? {} : { invalidSince }) });
    this.#revoked.set(name, entries);
  }

  /** A new complete CRL of every authority, each with the next number. */
  crls(lifetime: number = CRL_LIFETIME): Map<string, Buffer> {
    return new Map(Array.from(this.#authorities.keys(), (name) => [name, this.#crl(name, lifetime)]));
  }

  #crl(name: string, lifetime: number): Buffer {
    const number = (this.#crlNumbers.get(name) ?? 0) + 1;
    this.#crlNumbers.set(name, number);
    const thisUpdate = this.#seconds();
    const entries = this.#revoked.get(name) ?? [];
    return issueRevocationList(this.authority(name), { number, thisUpdate, nextUpdate: thisUpdate + lifetime, entries });
  }

  #nameOf(issuer: Authority): string {
    for (const [name, authority] of this.#authorities) if (authority.certificate.equals(issuer.certificate)) return name;
    throw new Error('not an authority of this development PKI');
  }

  #seconds(): number {
    return Math.floor(this.#sources.now() / 1000);
  }

  #issueCa(issuer: Authority, content: Parameters<typeof issueCa>[2], variation: Variation): Authority {
    const notBefore = variation.notBefore ?? this.#seconds();
    const terms = { random: this.#sources.random, notBefore, notAfter: notBefore + (variation.lifetime ?? AUTHORITY_LIFETIME) };
    return issueCa(issuer, variation.key ?? newKeyPair(), content, terms);
  }

  #issue(defaultIssuer: string, content: EndEntityContent, variation: Variation): IssuedCredential {
    const issuer = variation.issuer ?? this.authority(defaultIssuer);
    const key = variation.key ?? newKeyPair();
    const notBefore = variation.notBefore ?? this.#seconds();
    const terms = { random: this.#sources.random, notBefore, notAfter: notBefore + (variation.lifetime ?? CREDENTIAL_LIFETIME) };
    const crl = distributionPointOf(defaultIssuer);
    const certificate = issueEndEntity(issuer, key.spki, crl === null ? content : { ...content, crl }, terms);
    return { path: pathOf(certificate, issuer), key };
  }
}
