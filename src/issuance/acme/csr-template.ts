import { z } from 'zod';
import { DerError, TAG, readWhole } from '../../encoding/index.js';
import { refuse } from '../../reasons/index.js';
import { DistinguishedName } from '../../x509/index.js';
import type { CertificateRequest } from '../certificate-request.js';
import { keyUsage } from '../extensions.js';
import { OID } from '../object-identifiers.js';
import { parseTnValue } from './identifier.js';

/** RFC 9115 section 3.1: `**` any value, but there must be one; `*` any value or none. */
const SUBJECT = {
  country: OID.countryName,
  stateOrProvince: '2.5.4.8',
  locality: '2.5.4.7',
  organization: OID.organizationName,
  organizationalUnit: '2.5.4.11',
  emailAddress: '1.2.840.113549.1.9.1',
  commonName: OID.commonName,
} as const;

const field = z.string().min(1).optional();

/** What a credential of this desk has besides is the desk's to say; a template that asks for more is none. */
const template = z.strictObject({
  keyTypes: z
    .array(
      z.strictObject({
        PublicKeyType: z.literal('id-ecPublicKey'),
        namedCurve: z.literal('secp256r1'),
        SignatureType: z.literal('ecdsa-with-SHA256'),
      }),
    )
    .min(1),
  subject: z
    .strictObject({
      country: field,
      stateOrProvince: field,
      locality: field,
      organization: field,
      organizationalUnit: field,
      emailAddress: field,
      commonName: field,
    })
    .optional(),
  extensions: z.strictObject({
    keyUsage: z.tuple([z.literal('digitalSignature')]).optional(),
    /** base64url of the DER, exactly as it must stand in the request. */
    TNAuthList: z.string(),
  }),
});

/** A CSR template of RFC 9115 section 3.1 with the one extension that STIR needs besides (section 5.2). */
export type CsrTemplate = z.infer<typeof template>;

/** @throws Refusal `malformed-request`, `identifier-malformed` */
export const parseCsrTemplate = (value: unknown): CsrTemplate => {
  const parsed = template.safeParse(value);
  if (!parsed.success)
    return refuse('malformed-request', `csr-template ${parsed.error.issues[0]?.path.map(String).join('.') ?? ''}`.trim());
  parseTnValue(parsed.data.extensions.TNAuthList);
  return parsed.data;
};

const subjectOf = (der: Buffer): ReadonlyMap<string, string> => {
  try {
    const attributes = DistinguishedName.read(der, readWhole(der, TAG.sequence)).rdns.flat();
    const values = new Map(attributes.map(({ oid, text }) => [oid, text ?? '']));
    return values.size === attributes.length ? values : refuse('csr-template-mismatch', 'subject');
  } catch (error) {
    if (error instanceof DerError) return refuse('csr-malformed', 'subject');
    throw error;
  }
};

const checkSubject = (asked: ReadonlyMap<string, string>, allowed: NonNullable<CsrTemplate['subject']>): void => {
  const named = Object.entries(SUBJECT).map(([name, oid]) => ({
    name,
    wanted: allowed[name as keyof typeof SUBJECT],
    given: asked.get(oid),
  }));
  for (const { name, wanted, given } of named) {
    const fits = wanted === '*' || (wanted === '**' ? given !== undefined && given !== '' : wanted === given);
    if (!fits) return refuse('csr-template-mismatch', `subject ${name}`);
  }
  const known: readonly string[] = Object.values(SUBJECT);
  if ([...asked.keys()].some((oid) => !known.includes(oid))) return refuse('csr-template-mismatch', 'subject');
};

/**
 * Holds a request to its template: subject, key usage, and that nothing stands in it that the template does not have. Key and TNAuthList are held to the
 * order, which was held to the template.
 * @throws Refusal `csr-template-mismatch`
 */
export const checkTemplate = (request: CertificateRequest, { subject = {}, extensions }: CsrTemplate): void => {
  checkSubject(subjectOf(request.subject), subject);
  const usage = request.extensions.filter(({ oid }) => oid === OID.keyUsage);
  const wanted = extensions.keyUsage === undefined ? null : keyUsage(...extensions.keyUsage).value;
  const fits = wanted === null ? usage.length === 0 : usage.length === 1 && usage[0]?.value.equals(wanted) === true;
  if (!fits) refuse('csr-template-mismatch', 'keyUsage');
};

/** What the provider lets one AP order without a challenge. */
export interface Delegation {
  readonly id: string;
  /** The AP's domain. */
  readonly domain: string;
  readonly template: CsrTemplate;
}

/** The delegations that the provider wrote. Read anew each time: one that is gone is taken back. */
export interface Delegations {
  of(domain: string): Promise<readonly Delegation[]>;
}
