import { TRUST_PROFILES, type TrustProfile } from '../verdict.js';
import { constrainsMail, hasDomainName, hasMailName, isAuthority, isForTls, isListed, saysShaken, type Subject } from './subject.js';

/** What something is held to: a trust profile, or the path rules alone. */
export type InspectedProfile = TrustProfile | 'rfc5280';

export const INSPECTED_PROFILES: readonly InspectedProfile[] = [...TRUST_PROFILES, 'rfc5280'];

/** The profile that one certificate was made for, by its shape; null where nothing tells. A numbering authority's has nothing of its own. */
const profileOf = (subject: Subject): TrustProfile | null => {
  // Only RFC 9060 has lists in authorities, and only what is bound has constraints.
  if (subject.constraints !== null) return hasMailName(subject) ? 'email' : 'delegate';
  if (isAuthority(subject) && isListed(subject)) return 'delegate';
  if (saysShaken(subject)) return 'shaken';
  if (isListed(subject)) return 'delegate';
  if (isAuthority(subject)) return constrainsMail(subject) ? 'email' : null;
  return (hasMailName(subject) || hasDomainName(subject)) && !isForTls(subject) ? 'email' : null;
};

/** The profile that a path was made for, end-entity first: its authorities are held to what their end-entity is for. */
export const guessProfile = (subjects: readonly Subject[]): TrustProfile | null => {
  const guesses = subjects.map(profileOf);
  // A list above, or constraints, make a delegate of what else would be SHAKEN's by its name.
  return guesses.includes('delegate') && guesses[0] !== 'email' ? 'delegate' : (guesses.find((guess) => guess !== null) ?? null);
};
