import type { NumberingTable, Read } from '../numbering/index.js';
import { Authorizer } from './authorizer.js';
import type { Parsed } from './document.js';
import { parseFederationPolicy, type FederationPolicy } from './federation.js';
import { parseGatewayPolicy, type GatewayPolicy } from './gateway-policy.js';
import { parsePrincipals, type Principals } from './principals.js';
import { parseTrustPolicy, type TrustPolicy } from './trust-policy.js';

/** The files of a policy folder. */
export const POLICY_FILES = [
  'gateway.yaml',
  'trust.yaml',
  'principals.yaml',
  'federation.yaml',
  'numbering.csv',
  'authorization.cedar',
  'authorization.cedarschema',
] as const;
export type PolicyFile = (typeof POLICY_FILES)[number];

/** A whole policy folder, read. */
export interface PolicySet {
  readonly gateway: GatewayPolicy;
  readonly trust: TrustPolicy;
  readonly principals: Principals;
  readonly federation: FederationPolicy;
  /** The rows of numbering.csv; those of feeds are beside them. */
  readonly numbering: NumberingTable;
  readonly authorizer: Authorizer;
}

/** The texts of a policy folder, and what its numbering data came to: they may be too large for a text. */
export interface PolicyTexts extends Readonly<Partial<Record<Exclude<PolicyFile, 'numbering.csv'>, string>>> {
  readonly 'numbering.csv'?: Read<NumberingTable>;
}

/** Reads the texts of a policy folder. Every problem of every file at once; a file that is not there is a problem. */
export const parsePolicySet = (texts: PolicyTexts): Parsed<PolicySet> => {
  const { 'numbering.csv': rows } = texts;
  const missing = POLICY_FILES.filter((file) => texts[file] === undefined);
  if (rows === undefined || missing.length > 0) return { ok: false, problems: missing.map((file) => `${file}: is missing`) };
  const text = (file: Exclude<PolicyFile, 'numbering.csv'>): string => texts[file] ?? '';
  const gateway = parseGatewayPolicy(text('gateway.yaml'));
  const trust = parseTrustPolicy(text('trust.yaml'));
  const principals = parsePrincipals(text('principals.yaml'));
  const federation = parseFederationPolicy(text('federation.yaml'));
  const authorizer = Authorizer.load(text('authorization.cedar'), text('authorization.cedarschema'));
  if (gateway.ok && trust.ok && principals.ok && federation.ok && rows.ok && authorizer.ok) {
    const value = {
      gateway: gateway.value,
      trust: trust.value,
      principals: principals.value,
      federation: federation.value,
      numbering: rows.value,
      authorizer: authorizer.value,
    };
    return { ok: true, value };
  }
  const problems = [gateway, trust, principals, federation, rows, authorizer].flatMap((parsed) => (parsed.ok ? [] : parsed.problems));
  return { ok: false, problems };
};
