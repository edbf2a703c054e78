import type { GatewayPolicy } from '../../policy/index.js';
import { SHAKEN_RULES, STIR_RULES, type Certificate, type PathRules } from '../../x509/index.js';
import type { ProfileFinding } from '../credential.js';
import type { FetchedLists } from '../tn-lists.js';
import type { TrustProfile } from '../verdict.js';
import { checkDelegate } from './delegate.js';
import { checkEmail } from './email.js';
import { checkNumberingAuthority } from './numbering-authority.js';
import { checkShaken } from './shaken.js';
import { checkShape, type Shape } from './shape.js';

const finding = (profile: TrustProfile, shape: Shape, { profiles }: GatewayPolicy): ProfileFinding => {
  switch (profile) {
    case 'delegate':
      return checkDelegate(shape);
    case 'shaken':
      return checkShaken(shape, profiles.shakenPolicies);
    case 'email':
      return checkEmail(shape);
    case 'numbering-authority':
      return checkNumberingAuthority(shape);
  }
};

const NONE: FetchedLists = new Map();

/**
 * Whether a path has the shape of one trust profile, and what that says of the signer.
 * @param certificates end-entity first, anchor last; judged already
 * @param fetched TNAuthLists by reference
 */
export const checkProfile = (
  profile: TrustProfile,
  certificates: readonly Certificate[],
  policy: GatewayPolicy,
  fetched: FetchedLists = NONE,
): ProfileFinding => finding(profile, checkShape(certificates, policy.profiles.extendedKeyUsages, fetched), policy);

/** How a path is judged before its shape is looked at. */
export const pathRulesOf = (profile: TrustProfile): PathRules => (profile === 'shaken' ? SHAKEN_RULES : STIR_RULES);
