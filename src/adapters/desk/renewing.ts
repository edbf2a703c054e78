import { newKeyPair, rangesOf, type Binding, type KeyPair, type NumberRange } from '../../issuance/index.js';
import { refuse } from '../../reasons/index.js';
import { claimConstraintsOf, parseCertificate, tnAuthListOf } from '../../x509/index.js';
import type { CredentialRequest, Credentials, Made, SubjectKey } from './credentials.js';
import { rangesIn, type LedgerBook } from './ledger-book.js';
import type { IssuedLine } from './ledger-lines.js';
import { mailboxOf, toOf } from './listing.js';

/** What is to be renewed. */
export interface Renewing {
  readonly serial: string;
  /** The certificate itself: needed where the line of an older desk does not say what it holds. */
  readonly certificate?: Buffer;
  /** Seconds; absent: as long as before. */
  readonly lifetime?: number;
  readonly why?: string;
}

export interface RenewalMade {
  readonly made: Made;
  /** Null where the key stays with its owner. */
  readonly key: KeyPair | null;
}

/** What a credential holds, as it is to hold it again. */
interface Held {
  readonly numbers: readonly NumberRange[];
  readonly permitted?: Binding['permitted'];
}

/** RFC 9118 section 8: a renewal carries exactly the same constraints. All but those that every binding has. */
const permittedIn = (der: Buffer): Pick<Held, 'permitted'> => {
  const values = [...(claimConstraintsOf(parseCertificate(der))?.permittedValues ?? [])].filter(([claim]) => claim !== 'provider');
  return values.length === 0 ? {} : { permitted: Object.fromEntries(values) };
};

const heldIn = (line: IssuedLine, der: Buffer): Held => {
  const certificate = parseCertificate(der);
  if (certificate.fingerprint.toString('hex') !== line.fingerprint)
    return refuse('credential-mismatch', 'not the certificate that was issued');
  return { numbers: rangesOf(tnAuthListOf(certificate) ?? []), ...permittedIn(der) };
};

const heldOf = (line: IssuedLine, der: Buffer | undefined): Held => {
  if (der !== undefined) return heldIn(line, der);
  if (line.use !== 'mailbox' && line.numbers === undefined)
    return refuse('malformed-request', 'an older desk recorded no numbers: give the certificate');
  return { numbers: rangesIn(line.numbers), ...(line.permitted === undefined ? {} : { permitted: line.permitted }) };
};

/** The key of the request again, or a fresh one where the desk had made it. */
const subjectOf = ({ key }: IssuedLine): SubjectKey => (key === undefined ? { own: newKeyPair() } : { spki: Buffer.from(key, 'base64') });

const make = (credentials: Credentials, line: IssuedLine, held: Held, request: CredentialRequest): Promise<Made> => {
  if (line.use === 'delegate') return credentials.delegate(request, held.numbers, held.permitted);
  if (line.use === 'delegate-ca') return credentials.delegateCa(request, held.numbers);
  const mailbox = mailboxOf(line);
  return mailbox === null
    ? refuse('malformed-request', "only what was delegated is renewed: issue makes the desk's own credential anew")
    : credentials.mailbox(request, mailbox, held.permitted);
};

/**
 * Makes a credential anew: same scope, same binding, same subject, under what holds now.
 * @throws Refusal `not-found`, `cert-revoked` for what was revoked, `credential-mismatch`, and as issuing
 */
export const renew = async (
  credentials: Credentials,
  book: LedgerBook,
  { serial, certificate, lifetime, why }: Renewing,
): Promise<RenewalMade> => {
  const line = book.bySerial(serial) ?? refuse('not-found', 'serial');
  if (book.revocationOf(serial) !== null) return refuse('cert-revoked', 'what was revoked is not renewed');
  const subject = subjectOf(line);
  const request = {
    to: toOf(line) ?? line.holder,
    lifetime: lifetime ?? line.notAfter - line.at,
    subject,
    ...(why === undefined ? {} : { why }),
  };
  const made = await make(credentials, line, heldOf(line, certificate), request);
  return { made: { ...made, line: { ...made.line, renews: serial } }, key: 'own' in subject ? subject.own : null };
};
