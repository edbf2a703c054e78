import { z } from 'zod';
import { CONSENTS } from '../passport/index.js';
import { OFF_PROFILE, type OffProfile } from '../reasons/index.js';
import { parsePolicyDocument, type Parsed } from './document.js';
import { callingCodeField, certificatesField, domainField, oidField, serviceUrlField } from './fields.js';

/** `off` reads no CRL, `when-named` those a certificate names, `required` one for every certificate but the anchor. */
export const REVOCATION_MODES = ['off', 'when-named', 'required'] as const;
export type RevocationMode = (typeof REVOCATION_MODES)[number];

/** A day: the longest that a PASSporT for a batch may live (DESIGN section 5). */
const MAX_LIFETIME = 24 * 3600;

/** Whose word ports a number: both providers', the numbering authority's, or the one or the other. */
export const PORT_RULES = ['pair', 'authority', 'either'] as const;
export type PortRule = (typeof PORT_RULES)[number];

/** Which views of a number's mappings an AP may ask for. */
export const VIEW_RULES = ['filtered', 'all'] as const;
export type ViewRule = (typeof VIEW_RULES)[number];

/** Of the table of findings, those that a verdict can record. */
const offProfile = z.enum(
  Object.keys(OFF_PROFILE) as OffProfile[],
  'must be the code of a finding that a path can have (docs/findings.md)',
);

/** C2SP signed-note: verifiers take at least 16 signatures. */
const MAX_WITNESSES = 15;

const PROFILES = ['delegate', 'shaken', 'email', 'numbering-authority'] as const;
const SHORT_LIVED_HOURS = 24;

const mode = z.enum(REVOCATION_MODES);
/** standards: stir 5.3: never more than seven days. */
const shortLived = z.int().min(0).max(168);
const shortLivedOfProfiles = {
  delegate: shortLived.default(SHORT_LIVED_HOURS),
  shaken: shortLived.default(SHORT_LIVED_HOURS),
  email: shortLived.default(SHORT_LIVED_HOURS),
  'numbering-authority': shortLived.default(SHORT_LIVED_HOURS),
};
const schema = z.strictObject({
  /** This discovery provider's id: the `aud` of every PASSporT. */
  audience: z.string().regex(/^[\x21-\x7e]{1,128}$/, 'must be 1 to 128 printable ASCII characters'),
  /** Origin of the log, and the name of its key. */
  origin: z.string().regex(/^[\x21-\x2a\x2c-\x7e]{1,128}$/, 'must be printable ASCII without plus and space'),
  passport: z
    .strictObject({
      lifetimeSeconds: z.int().min(30).max(MAX_LIFETIME).default(600),
      /** Longer lifetimes by provider, for batches. */
      providers: z.record(domainField, z.int().min(30).max(MAX_LIFETIME)).default({}),
    })
    .prefault({}),
  consent: z.strictObject({ minimum: z.enum(CONSENTS).default('app') }).prefault({}),
  /** Seconds: the longest ttl of an answer with mappings, and of one without; and who sees what. */
  lookup: z
    .strictObject({
      ttlSeconds: z.int().min(0).max(86_400).default(3600),
      negativeTtlSeconds: z.int().min(0).max(86_400).default(60),
      /** Whether callers may ask for signed answers, which show them the log's entries behind what they find (docs/adr/0024). */
      signed: z.boolean().default(false),
      /** `all`: an AP may ask for every view, and sees that of its own class unless it asks; `filtered`: for that alone. Who is no AP sees all. */
      views: z.enum(VIEW_RULES).default('all'),
    })
    .prefault({}),
  /** How many distinct SIIs a client may look up in an epoch (docs/adr/0014): base + factor * reachable * (1 - exp(-mappings * contacts / reachable)). */
  quota: z
    .strictObject({
      base: z.int().min(0).max(10_000_000).default(2000),
      /** Numbers for each contact that the users of the own mappings are taken to have. */
      factor: z.number().min(0).max(100).default(2),
      /** Contacts at other providers of one user. */
      contacts: z.number().min(0).max(10_000).default(60),
      /** Numbers that can be reached at all: nobody's users have more contacts together. */
      reachable: z.number().min(1).max(1e12).default(5e9),
      epochHours: z.number().min(0.01).max(8784).default(720),
      /** Part of the limit that may be asked at once; never less than the base. */
      burst: z.number().min(0).max(1).default(0.2),
      /** Limits by which what was asked at once drains in an epoch. */
      rate: z.number().min(0.01).max(1e6).default(1),
    })
    .prefault({}),
  mapping: z
    .strictObject({
      lifetimeDays: z.int().min(1).max(30).default(30),
      /** A mapping whose credential was replaced, not misused, must be registered again within this. */
      attestGraceDays: z.int().min(1).max(30).default(14),
    })
    .prefault({}),
  revocation: z
    .strictObject({
      delegate: mode.default('required'),
      shaken: mode.default('required'),
      email: mode.default('required'),
      'numbering-authority': mode.default('required'),
      /** An end-entity living at most so long, without a distribution point, needs no status: one bound, or one a profile. */
      shortLivedHours: z.union([shortLived, z.strictObject(shortLivedOfProfiles)]).default(SHORT_LIVED_HOURS),
      /** Profiles in which a CRL signed under an anchor for CRLs serves distribution points that do not name their CRL's issuer. */
      crlAnchorsServePoints: z.array(z.enum(PROFILES)).default(['shaken']),
      /** Seconds that an OCSP response is used at most, whatever its nextUpdate says: a responder is asked again about what it may have revoked since. */
      ocspSeconds: z.int().min(60).max(86_400).default(3600),
    })
    .prefault({}),
  profiles: z
    .strictObject({
      /** Extended key usages that an end-entity may have; none by default. */
      extendedKeyUsages: z.array(oidField).default([]),
      /** Certificate policies of the `shaken` profile: US SHAKEN CP v1.3 and v1.4. */
      shakenPolicies: z.array(oidField).min(1).default(['2.16.840.1.114569.1.1.3', '2.16.840.1.114569.1.1.4']),
      /** Findings that refuse, as `profile-violation`; none by default: most production certificates break some rule. */
      raise: z.array(offProfile).default([]),
    })
    .prefault({}),
  ports: z
    .strictObject({
      /** How long one provider's word waits for the other's. */
      pairHours: z.int().min(1).max(720).default(72),
      /** What stays through a port must be registered again, under the new provider, within this. */
      graceDays: z.int().min(1).max(30).default(14),
      /** Whose word counts; of calling codes the longest that begins the number. */
      by: z
        .strictObject({ default: z.enum(PORT_RULES).default('either'), codes: z.record(callingCodeField, z.enum(PORT_RULES)).default({}) })
        .prefault({}),
    })
    .prefault({}),
  /** How long a judged path may be used again before it is judged anew. */
  pathCache: z.strictObject({ seconds: z.int().min(0).max(86_400).default(3600) }).prefault({}),
  /** Hosts from which paths (x5u) and TNAuthLists by reference may be fetched; a name stands for itself and all names under it. None by default. */
  x5u: z.strictObject({ hosts: z.array(domainField).default([]) }).prefault({}),
  /** Who cosigns the log's checkpoints (docs/adr/0019), and how many of them must have before one counts as witnessed. None by default. */
  witnesses: z
    .strictObject({
      quorum: z.int().min(0).max(MAX_WITNESSES).default(0),
      members: z
        .array(
          z.strictObject({
            /** C2SP signed-note: its verifier key, which names it. */
            vkey: z.string().min(1).max(512),
            /** C2SP tlog-witness: what stands before /add-checkpoint. */
            url: serviceUrlField,
            /** PEM of the authority of its TLS certificate; absent: the system's. */
            ca: certificatesField.optional(),
            /** It may be at an address that is not public. */
            internal: z.boolean().default(false),
          }),
        )
        .max(MAX_WITNESSES)
        .default([]),
    })
    .refine(({ quorum, members }) => quorum <= members.length && (members.length === 0 || quorum > 0), {
      path: ['quorum'],
      message: 'must be 1 to the number of members, or 0 where there is none',
    })
    .prefault({}),
  /** What one auditor or operator may have opened in a UTC day: cases, not dragnets (docs/adr/0021). */
  audit: z.strictObject({ openingsPerDay: z.int().min(0).max(1_000_000).default(100) }).prefault({}),
  /** Sealed evidence of refusals is destroyed after this. */
  evidence: z
    .strictObject({
      days: z.int().min(1).max(3650).default(90),
      /** Refusals of one client that are leaves of their own: so many a second for as long as it goes on, so many at once; what is more is gathered. */
      rejects: z
        .strictObject({ perSecond: z.number().min(0.1).max(1000).default(50), burst: z.int().min(1).max(100_000).default(1000) })
        .prefault({}),
    })
    .prefault({}),
});

/** `gateway.yaml`, with the defaults filled in. */
export type GatewayPolicy = z.output<typeof schema>;

/** Seconds that an end-entity under this profile may live to need no status. */
export const shortLivedSeconds = ({ revocation: { shortLivedHours } }: GatewayPolicy, profile: (typeof PROFILES)[number]): number =>
  (typeof shortLivedHours === 'number' ? shortLivedHours : shortLivedHours[profile]) * 3600;

/** Whose word ports a number: digits, country code first. */
export const portRuleOf = ({ ports: { by } }: GatewayPolicy, tn: string): PortRule => {
  for (let length = 7; length > 0; length -= 1) {
    const rule = by.codes[tn.slice(0, length)];
    if (rule !== undefined) return rule;
  }
  return by.default;
};

export const parseGatewayPolicy = (text: string): Parsed<GatewayPolicy> => parsePolicyDocument('gateway.yaml', text, schema);

/** A policy as it was in force once, from its JSON; null where this build has no such policy. What it did not have yet gets its default. */
export const gatewayPolicyOf = (value: unknown): GatewayPolicy | null => {
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : null;
};
