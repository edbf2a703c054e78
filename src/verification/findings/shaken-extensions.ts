import type { SHAKEN_FINDINGS } from '../../reasons/shaken-findings.js';
import { KEY_USAGE, OID, type DistributionPoint } from '../../x509/index.js';
import { octetsText, when, type FindingRule } from './rule.js';

/** ATIS-1000080 (v005): no extension that is not specified. */
const SPECIFIED: ReadonlySet<string> = new Set([
  OID.basicConstraints,
  OID.keyUsage,
  OID.subjectKeyIdentifier,
  OID.authorityKeyIdentifier,
  OID.crlDistributionPoints,
  OID.certificatePolicies,
  OID.tnAuthList,
]);

/** X.509: the SHA-1 of a key. */
const KEY_IDENTIFIER_OCTETS = 20;

const isHttp = (uri: string): boolean => /^https?:\/\/[^/]/i.test(uri);

const hasForm = ({ name, reasons }: DistributionPoint): boolean => {
  const [first, ...more] = name?.fullName ?? [];
  return first?.kind === 'uniformResourceIdentifier' && more.length === 0 && isHttp(first.text) && reasons === null;
};

const keyIdentifierLength: FindingRule = ({ subjectKeyIdentifier }) =>
  subjectKeyIdentifier === null
    ? null
    : when(subjectKeyIdentifier.length !== KEY_IDENTIFIER_OCTETS, octetsText(subjectKeyIdentifier.length));

const otherUses: FindingRule = ({ keyUsage }) => when(((keyUsage?.bits ?? 0) & (KEY_USAGE.cRLSign | KEY_USAGE.digitalSignature)) !== 0);

const unexpected: FindingRule = ({ extensions }) => {
  for (const { oid } of extensions.values()) if (!SPECIFIED.has(oid)) return `extension ${oid}`;
  return null;
};

/** All rows of ATIS-1000080 section 6.4.1 but "subject". */
export const SHAKEN_EXTENSION_RULES = {
  'null-signature-parameters': ({ signatureAlgorithm }) => when(signatureAlgorithm.forgivable !== null),
  'signature-sha384': ({ signatureAlgorithm }) => when((signatureAlgorithm.known ?? signatureAlgorithm.forgivable)?.digest === 'sha384'),
  'p384-authority': ({ publicKey: { form } }) => when(form.kind === 'ec' && form.curve === 'P-384'),
  'no-basic-constraints': ({ extensions }) => when(!extensions.has(OID.basicConstraints)),
  'basic-constraints-not-critical': ({ extensions }) => when(extensions.get(OID.basicConstraints)?.critical === false),
  'ca-key-usage-v005': otherUses,
  'no-subject-key-identifier': ({ subjectKeyIdentifier }) => when(subjectKeyIdentifier === null),
  'key-identifier-length': keyIdentifierLength,
  'no-distribution-point': ({ extensions }) => when(!extensions.has(OID.crlDistributionPoints)),
  'several-distribution-points': ({ crlDistributionPoints: points }) =>
    points === null ? null : when(points.length > 1, `${points.length} points`),
  'distribution-point-form': ({ crlDistributionPoints: points }) => (points === null ? null : when(!points.every(hasForm))),
  'no-crl-issuer': ({ crlDistributionPoints: points }) =>
    points === null ? null : when(points.some(({ crlIssuer }) => crlIssuer === null)),
  'root-distribution-point': ({ extensions }) => when(extensions.has(OID.crlDistributionPoints)),
  'root-policies': ({ extensions }) => when(extensions.has(OID.certificatePolicies)),
  'ca-several-policies': ({ certificatePolicies: policies }) =>
    policies === null ? null : when(policies.length > 1, `${policies.length} policies`),
  'policies-critical': ({ extensions }) => when(extensions.get(OID.certificatePolicies)?.critical === true),
  'unexpected-extension': unexpected,
} as const satisfies Partial<Record<keyof typeof SHAKEN_FINDINGS, FindingRule>>;
