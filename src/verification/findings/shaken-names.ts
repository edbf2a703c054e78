import type { SHAKEN_FINDINGS } from '../../reasons/shaken-findings.js';
import { OID, tnAuthListOf, type Certificate, type DistinguishedName } from '../../x509/index.js';
import { when, type FindingRule } from './rule.js';

const COUNTRY = '2.5.4.6';
const ORGANIZATION = '2.5.4.10';
const SERIAL_NUMBER = '2.5.4.5';
/** State and locality besides: the STI-PA's own names have them. */
const EXPECTED: readonly string[] = [COUNTRY, ORGANIZATION, OID.commonName, SERIAL_NUMBER, '2.5.4.7', '2.5.4.8'];
/** US SHAKEN CP v1.4, which made serialNumber optional. */
const POLICY_1_4 = '2.16.840.1.114569.1.1.4';

const countOf = (name: DistinguishedName, oid: string): number => {
  let count = 0;
  for (const rdn of name.rdns) for (const attribute of rdn) if (attribute.oid === oid) count += 1;
  return count;
};

/** The text of the one attribute of this type; null where there is none, several, or no text. */
const only = (name: DistinguishedName, oid: string): string | null => {
  let found: string | null = null;
  for (const rdn of name.rdns) {
    for (const attribute of rdn) {
      if (attribute.oid !== oid) continue;
      if (found !== null || attribute.text === null) return null;
      found = attribute.text;
    }
  }
  return found;
};

const country = (name: DistinguishedName): string | null => when(!/^[A-Z]{2}$/.test(only(name, COUNTRY) ?? ''));
const organization = (name: DistinguishedName): string | null => when(countOf(name, ORGANIZATION) !== 1);

/** The one SPC of an end-entity; null for any other list. */
const spcOf = (certificate: Certificate): string | null => {
  const [entry, ...others] = tnAuthListOf(certificate) ?? [];
  return entry !== undefined && 'spc' in entry && others.length === 0 ? entry.spc : null;
};

const commonName: FindingRule = ({ subject }, role) => {
  const name = only(subject, OID.commonName);
  if (name === null) return 'not exactly one common name';
  if (!/shaken/i.test(name)) return 'no SHAKEN in the common name';
  return when(role === 'root' && !/root/i.test(name), 'no ROOT in the common name of a root');
};

const issuerCommonName: FindingRule = ({ issuer }) => {
  const name = only(issuer, OID.commonName);
  if (name === null) return 'not exactly one common name';
  return when(!/shaken/i.test(name), 'no SHAKEN in the common name');
};

const attribute: FindingRule = ({ subject }) => {
  for (const rdn of subject.rdns) for (const { oid } of rdn) if (!EXPECTED.includes(oid)) return `attribute ${oid}`;
  return when(countOf(subject, SERIAL_NUMBER) > 1, 'serialNumber twice');
};

/** What says SHAKEN and the SPC, but more or otherwise; what does not say SHAKEN is another finding, another SPC a refusal. */
const commonNameForm: FindingRule = (certificate) => {
  const spc = spcOf(certificate);
  const name = only(certificate.subject, OID.commonName);
  if (spc === null || name === null || !/shaken/i.test(name)) return null;
  return when(name !== `SHAKEN ${spc}`);
};

const serialNumber: FindingRule = ({ subject, certificatePolicies }) =>
  when(countOf(subject, SERIAL_NUMBER) === 0 && certificatePolicies?.includes(POLICY_1_4) !== true);

const spcLength: FindingRule = (certificate) => {
  const spc = spcOf(certificate);
  return spc === null ? null : when(spc.length !== 4, `${spc.length} characters`);
};

/** The row "subject" of ATIS-1000080 section 6.4.1. */
export const SHAKEN_NAME_RULES = {
  'subject-country': ({ subject }) => country(subject),
  'subject-organization': ({ subject }) => organization(subject),
  'subject-common-name': commonName,
  'subject-attribute': attribute,
  'subject-serial-number': serialNumber,
  'common-name-form': commonNameForm,
  'issuer-country': ({ issuer }) => country(issuer),
  'issuer-organization': ({ issuer }) => organization(issuer),
  'issuer-common-name': issuerCommonName,
  'spc-length': spcLength,
} as const satisfies Partial<Record<keyof typeof SHAKEN_FINDINGS, FindingRule>>;
