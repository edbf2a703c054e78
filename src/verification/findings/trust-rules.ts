import { isDomain } from '../../identifiers/index.js';
import type { TRUST_FINDINGS } from '../../reasons/trust-findings.js';
import { KEY_USAGE, OID, claimConstraintsOf } from '../../x509/index.js';
import { octetsText, when, type FindingRule } from './rule.js';

/** ATIS-1000080 section 6.4.1 asks for 64 random bits; one octet may begin with zeros, or be a zero that only keeps the number positive. */
const MIN_SERIAL_OCTETS = 8;

const CA_USES = KEY_USAGE.keyCertSign | KEY_USAGE.cRLSign | KEY_USAGE.digitalSignature;

const shortSerial: FindingRule = ({ serial }) => {
  const octets = serial[0] === 0 ? serial.length - 1 : serial.length;
  return when(octets < MIN_SERIAL_OCTETS, octetsText(octets));
};

const cannotExclude: FindingRule = (certificate) => when(claimConstraintsOf(certificate)?.form === 'jwt');

const contradict: FindingRule = (certificate) => {
  const constraints = claimConstraintsOf(certificate);
  return when(constraints?.mustExclude.some((claim) => constraints.mustInclude.includes(claim)) === true);
};

const unusableDomain: FindingRule = ({ subjectAltName: names }) =>
  names === null ? null : when(names.some((name) => name.kind === 'dNSName' && !isDomain(name.text)));

const mailboxCase: FindingRule = ({ subjectAltName: names }) =>
  names === null ? null : when(names.some((name) => name.kind === 'rfc822Name' && /[A-Z]/.test(name.text)));

export const TRUST_RULES = {
  'short-serial': shortSerial,
  'non-minimal-key-usage': ({ keyUsage }) => when(keyUsage?.minimal === false),
  'ca-key-usage-not-critical': ({ extensions }) => when(extensions.get(OID.keyUsage)?.critical === false),
  'ca-key-usage-besides': ({ keyUsage }) => when(((keyUsage?.bits ?? 0) & ~CA_USES) !== 0),
  'no-crl-sign': ({ keyUsage }) => when(((keyUsage?.bits ?? 0) & KEY_USAGE.cRLSign) === 0),
  'name-constraints-not-critical': ({ extensions }) => when(extensions.get(OID.nameConstraints)?.critical === false),
  'path-length-without-ca': ({ basicConstraints }) => when(basicConstraints?.ca === false && basicConstraints.pathLength !== null),
  'constraints-cannot-exclude': cannotExclude,
  'constraints-contradict': contradict,
  'unusable-domain': unusableDomain,
  'mailbox-case': mailboxCase,
} as const satisfies Record<keyof typeof TRUST_FINDINGS, FindingRule>;
