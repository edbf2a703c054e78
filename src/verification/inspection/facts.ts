import type { JsonValue } from '../../encoding/index.js';
import { OID, type Certificate, type DistinguishedName, type TnEntry } from '../../x509/index.js';

const ATTRIBUTE_NAMES: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  [OID.emailAddress]: 'emailAddress',
};

/** For people; comparison is never by this text. */
export const nameText = (name: DistinguishedName): string =>
  name.rdns.map((rdn) => rdn.map(({ oid, text }) => `${ATTRIBUTE_NAMES[oid] ?? oid}=${text ?? '(binary)'}`).join('+')).join(', ');

export const isoTime = (seconds: number): string => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');

export const entryFacts = (entries: readonly TnEntry[] | null): JsonValue => entries?.map((entry) => ({ ...entry })) ?? null;

const keyText = ({ publicKey: { form } }: Certificate): string => {
  if (form.kind === 'ec') return form.curve;
  return form.kind === 'rsa' ? `RSA ${form.bits}` : 'another kind';
};

const EXTENSION_NAMES: ReadonlyMap<string, string> = new Map(Object.entries(OID).map(([name, oid]) => [oid, name]));

/** The number is what the standards say, the name what people know. */
export const extensionText = (oid: string): string => {
  const name = EXTENSION_NAMES.get(oid);
  return name === undefined ? oid : `${oid} ${name}`;
};

export const certificateFacts = (certificate: Certificate, list: readonly TnEntry[] | null): Record<string, JsonValue> => ({
  subject: nameText(certificate.subject),
  issuer: nameText(certificate.issuer),
  serial: Buffer.from(certificate.serial).toString('hex'),
  notBefore: isoTime(certificate.notBefore),
  notAfter: isoTime(certificate.notAfter),
  key: keyText(certificate),
  ca: certificate.basicConstraints?.ca === true,
  fingerprint: certificate.fingerprint.toString('hex'),
  extensions: [...certificate.extensions.values()].map(({ oid, critical }) => `${extensionText(oid)}${critical ? ' critical' : ''}`),
  policies: [...(certificate.certificatePolicies ?? [])],
  tnAuthList: entryFacts(list),
});
