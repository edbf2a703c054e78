import { OID, type Certificate, type DistinguishedName, type TnEntry } from '../x509/index.js';
import { SHAKEN_CLAUSE, type Findings } from './inspection-finding.js';

const COUNTRY = '2.5.4.6';
const ORGANIZATION = '2.5.4.10';
const SERIAL_NUMBER = '2.5.4.5';

const EXPECTED: ReadonlySet<string> = new Set([COUNTRY, ORGANIZATION, OID.commonName, SERIAL_NUMBER, '2.5.4.7', '2.5.4.8']);

const inspectAttributes = (name: DistinguishedName, which: string, findings: Findings): void => {
  const add = (detail: string): void => findings.add('warning', `${which}-name`, SHAKEN_CLAUSE, detail);
  const countries = name.texts(COUNTRY);
  if (countries.length !== 1 || !/^[A-Z]{2}$/.test(countries[0] ?? '')) add(`${which} without exactly one country of two letters`);
  if (name.texts(ORGANIZATION).length !== 1) add(`${which} without exactly one organization`);
  if (name.texts(OID.commonName).length !== 1) add(`${which} without exactly one common name`);
  if (name.texts(SERIAL_NUMBER).length > 1) add(`${which} with more than one serialNumber`);
  if (name.rdns.flat().some(({ oid }) => !EXPECTED.has(oid))) add(`${which} with an attribute that the profile does not have`);
};

const inspectCommonName = (certificate: Certificate, list: readonly TnEntry[] | null, role: string, findings: Findings): void => {
  const commonName = certificate.subject.commonName ?? '';
  if (!/shaken/i.test(commonName)) findings.add('warning', 'subject-name', SHAKEN_CLAUSE, 'a common name without SHAKEN');
  if (role === 'root' && !/root/i.test(commonName))
    findings.add('warning', 'subject-name', SHAKEN_CLAUSE, 'a root whose common name lacks ROOT');
  const [only] = list ?? [];
  if (role !== 'end-entity' || only === undefined || !('spc' in only) || !/shaken/i.test(commonName)) return;
  const words = commonName.split(/\s+/);
  if (!words.includes(only.spc)) findings.reason('error', 'subject-spc-mismatch', 'the common name lacks the SPC');
  else if (!commonName.includes(`SHAKEN ${only.spc}`))
    findings.add('notice', 'subject-name', SHAKEN_CLAUSE, 'not "SHAKEN", one space, SPC');
};

/** Names by the table of ATIS-1000080 section 6.4.1. */
export const inspectSubjects = (certificate: Certificate, list: readonly TnEntry[] | null, role: string, findings: Findings): void => {
  inspectAttributes(certificate.subject, 'subject', findings);
  inspectAttributes(certificate.issuer, 'issuer', findings);
  inspectCommonName(certificate, list, role, findings);
};
