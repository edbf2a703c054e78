import { EVERY_PROFILE, OFF_PROFILE, refuse, type FindingProfile, type OffProfile, type Role } from '../../reasons/index.js';
import type { Certificate } from '../../x509/index.js';
import type { FindingRule } from './rule.js';
import { SHAKEN_EXTENSION_RULES } from './shaken-extensions.js';
import { SHAKEN_NAME_RULES } from './shaken-names.js';
import { TRUST_RULES } from './trust-rules.js';

/** One rule for each row of the table: what verdicts record and what `inspect` says are the same. */
const RULES: Readonly<Record<OffProfile, FindingRule>> = { ...TRUST_RULES, ...SHAKEN_EXTENSION_RULES, ...SHAKEN_NAME_RULES };

/** One row that a certificate breaks. */
export interface Found {
  readonly code: OffProfile;
  readonly detail: string;
}

/** The same, at its place on a path: 0 the end-entity. */
export interface FoundAt extends Found {
  readonly position: number;
}

const CODES = Object.keys(OFF_PROFILE) as OffProfile[];

const rulesFor = (profile: FindingProfile, role: Role): ReadonlyArray<readonly [OffProfile, FindingRule]> =>
  CODES.filter((code) => {
    const { profiles, roles }: { readonly profiles: readonly FindingProfile[]; readonly roles: readonly Role[] } = OFF_PROFILE[code];
    return profiles.includes(profile) && roles.includes(role);
  }).map((code) => [code, RULES[code]]);

const byRole = (profile: FindingProfile): Record<Role, ReturnType<typeof rulesFor>> => ({
  root: rulesFor(profile, 'root'),
  intermediate: rulesFor(profile, 'intermediate'),
  'end-entity': rulesFor(profile, 'end-entity'),
});

const RULES_BY_PROFILE: Readonly<Record<FindingProfile, Record<Role, ReturnType<typeof rulesFor>>>> = {
  delegate: byRole('delegate'),
  shaken: byRole('shaken'),
  email: byRole('email'),
  'numbering-authority': byRole('numbering-authority'),
};

/** Rows of every profile: of a certificate of which nobody can tell the profile. */
const isOfEvery = ([code]: readonly [OffProfile, FindingRule]): boolean => OFF_PROFILE[code].profiles.length === EVERY_PROFILE.length;
const RULES_OF_EVERY: Readonly<Record<Role, ReturnType<typeof rulesFor>>> = {
  root: rulesFor('delegate', 'root').filter(isOfEvery),
  intermediate: rulesFor('delegate', 'intermediate').filter(isOfEvery),
  'end-entity': rulesFor('delegate', 'end-entity').filter(isOfEvery),
};

const NONE: readonly Found[] = [];

const breaches = (certificate: Certificate, role: Role, rules: ReturnType<typeof rulesFor>): readonly Found[] => {
  let found: Found[] | null = null;
  for (const [code, broken] of rules) {
    const detail = broken(certificate, role);
    if (detail !== null) (found ??= []).push({ code, detail });
  }
  return found ?? NONE;
};

/**
 * The rows of the table that one certificate breaks in its role, in the table's order.
 * @throws Refusal `malformed-cert`, `malformed-tnauthlist`, `range-overflow`, `malformed-claim-constraints` for an extension that is not of its form
 */
export const certificateFindings = (certificate: Certificate, profile: FindingProfile, role: Role): readonly Found[] =>
  breaches(certificate, role, RULES_BY_PROFILE[profile][role]);

/** Of those the rows that every profile has. @throws Refusal as above */
export const everyProfileFindings = (certificate: Certificate, role: Role): readonly Found[] =>
  breaches(certificate, role, RULES_OF_EVERY[role]);

/** An authority stands above many end-entities. */
const authorities = new WeakMap<Certificate, Map<string, readonly Found[]>>();

const authorityFindings = (certificate: Certificate, profile: FindingProfile, role: Role): readonly Found[] => {
  const key = `${profile} ${role}`;
  let known = authorities.get(certificate);
  if (known === undefined) authorities.set(certificate, (known = new Map<string, readonly Found[]>()));
  let found = known.get(key);
  if (found === undefined) known.set(key, (found = certificateFindings(certificate, profile, role)));
  return found;
};

const roleAt = (certificate: Certificate, position: number, last: number): Role => {
  if (position === 0) return 'end-entity';
  return position === last && certificate.isSelfIssued ? 'root' : 'intermediate';
};

const NOWHERE: readonly FoundAt[] = [];

/** The findings of a judged path, end-entity first, anchor last. */
export const pathFindings = (profile: FindingProfile, certificates: readonly Certificate[]): readonly FoundAt[] => {
  let all: FoundAt[] | null = null;
  for (let position = 0; position < certificates.length; position += 1) {
    const certificate = certificates[position] as Certificate;
    const role = roleAt(certificate, position, certificates.length - 1);
    const found = position === 0 ? certificateFindings(certificate, profile, role) : authorityFindings(certificate, profile, role);
    for (const { code, detail } of found) (all ??= []).push({ code, detail, position });
  }
  return all ?? NOWHERE;
};

/** `profiles.raise` of gateway.yaml. @throws Refusal `profile-violation`, the code of the finding for its detail */
export const checkRaised = (found: readonly FoundAt[], raised: readonly OffProfile[]): void => {
  const worst = found.find(({ code }) => raised.includes(code));
  if (worst !== undefined) refuse('profile-violation', worst.code, worst.position);
};

/** Each code once, in the order in which it was found. */
export const codesOf = (found: readonly FoundAt[]): readonly OffProfile[] => [...new Set(found.map(({ code }) => code))];
