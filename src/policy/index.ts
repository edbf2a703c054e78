export { Authorizer, authorizerOfDocument, type Authorization, type AuthorizationRequest } from './authorizer.js';
export { parsePolicyDocument, type Parsed } from './document.js';
export { parseFederationPolicy, type FederationPolicy } from './federation.js';
export {
  REVOCATION_MODES,
  gatewayPolicyOf,
  parseGatewayPolicy,
  portRuleOf,
  shortLivedSeconds,
  type GatewayPolicy,
  type PortRule,
  type RevocationMode,
  type ViewRule,
} from './gateway-policy.js';
export { parsePrincipals, principalTerms, type PrincipalEntry, type PrincipalTerms, type Principals } from './principals.js';
export { parseTrustPolicy, type NumberingFeedPolicy, type TrustListPolicy, type TrustPolicy } from './trust-policy.js';
export { POLICY_FILES, parsePolicySet, type PolicyFile, type PolicySet, type PolicyTexts } from './policy-set.js';
export { httpsUrlField } from './fields.js';
