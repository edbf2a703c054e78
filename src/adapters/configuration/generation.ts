import { eventTermsOf, type Principal, type World } from '../../gateway/index.js';
import type { PrincipalEntry } from '../../policy/index.js';
import { TRUST_PROFILES, Verifier, type Material, type TrustProfile } from '../../verification/index.js';
import { STIR_RULES, type Crl, type Vouchers } from '../../x509/index.js';
import type { Configuration } from './configuration.js';
import { planOf, type FeedStanding } from './numbering-feeds.js';
import type { TrustListStanding } from './trust-lists.js';

/** What a reload swaps at once: what verdicts depend on, who may connect, and the files behind both. */
export interface Generation {
  readonly configuration: Configuration;
  readonly lists: readonly TrustListStanding[];
  readonly feeds: readonly FeedStanding[];
  readonly fetched: FetchedMaterial;
  /** What keeps anything at all from being accepted, in words for operators. */
  readonly gaps: readonly string[];
  readonly world: World;
  readonly principals: ReadonlyMap<string, Principal>;
}

/** CRLs that were fetched, and DER of the certificates that came with them: they count beside those of the files. */
export interface FetchedMaterial {
  readonly crls: readonly Crl[];
  readonly crlSigners: readonly Uint8Array[];
}

/** What a generation is made of besides the files. */
export interface Beside {
  /** How the trust lists of the configuration stand: their anchors count beside those of the files. */
  readonly lists: readonly TrustListStanding[];
  /** How its feeds of numbering data stand; absent: they are not looked at. */
  readonly feeds?: readonly FeedStanding[];
  readonly fetched: FetchedMaterial;
}

export const NOTHING_FETCHED: FetchedMaterial = { crls: [], crlSigners: [] };

/**
 * A configuration made ready to judge by.
 * @param before the verifier before: it stays where nothing changed that it judges by, and so do the paths that it has judged; else its caches serve
 *   the next, so that a reload parses nothing twice
 */
export const makeGeneration = (configuration: Configuration, beside: Beside, before?: Verifier): Generation => {
  const { policies } = configuration;
  const { lists, feeds = [], fetched } = beside;
  const material = materialOf(configuration, beside);
  const { anchors } = material;
  const next = new Verifier(material, before?.caches);
  const verifier = before !== undefined && isSame(before, next) ? before : next;
  // Without any anchor no other gap is named; a trust list that is not there yet says so itself, and may come.
  const waits = anchors.length === 0 && lists.length > 0;
  const gaps = waits ? [] : verifier.gaps.map((gap) => `${gap}: nothing could be accepted; add it`);
  const { mapping, lookup, revocation, evidence, quota, audit } = policies.gateway;
  const world = {
    ...eventTermsOf(verifier, policies.gateway),
    attestGrace: mapping.attestGraceDays * 86_400,
    lookup: { ttl: lookup.ttlSeconds, negativeTtl: lookup.negativeTtlSeconds, signed: lookup.signed, views: lookup.views },
    quota,
    ocspSeconds: revocation.ocspSeconds,
    openingsPerDay: audit.openingsPerDay,
    rejects: evidence.rejects,
    refusalRetentionDays: evidence.days,
  };
  return { configuration, lists, feeds, fetched, gaps, world, principals: principalsOf(configuration) };
};

/** Versions are digests over everything that a verdict depends on; stored mappings stand or fall by which profiles are silent besides. */
const isSame = ({ versions: a, silent }: Verifier, { versions: b, silent: silentNow }: Verifier): boolean =>
  a.trust === b.trust &&
  a.revocation === b.revocation &&
  a.numbering === b.numbering &&
  a.policy === b.policy &&
  TRUST_PROFILES.every((profile) => silent.has(profile) === silentNow.has(profile));

/** Everything that verdicts under a configuration depend on. */
export const materialOf = (configuration: Configuration, { lists, feeds, fetched }: Beside): Material => {
  const { material } = configuration;
  return {
    ...material,
    anchors: [...material.anchors, ...lists.flatMap((standing) => standing.anchors)],
    silent: silentOf(configuration, lists),
    crls: [...material.crls, ...fetched.crls],
    offeredSigners: fetched.crlSigners,
    numbering: feeds === undefined ? material.numbering : planOf(configuration.policies.numbering, feeds),
  };
};

/** Who vouches for the signers of CRLs that are fetched: every anchor, and the signers that the operator named. */
export const vouchersOf = ({ configuration, lists, world }: Generation): Pick<Vouchers, 'trusted' | 'anchors' | 'rules'> => {
  const { certificates } = world.verifier.caches;
  const { anchors, crlAnchors } = materialOf(configuration, { lists, fetched: NOTHING_FETCHED });
  const roots = [...anchors.map(({ certificate }) => certificate), ...crlAnchors].map((der) => certificates.parse(der));
  const named = configuration.material.crlSigners.map((der) => certificates.parse(der));
  return { trusted: [...roots, ...named], anchors: roots, rules: STIR_RULES };
};

/** A list that is not in force takes nothing away from what was registered under it: only one that is in force says who is no anchor any more. */
const silentOf = (configuration: Configuration, standings: readonly TrustListStanding[]): TrustProfile[] =>
  configuration.lists
    .map(({ policy }) => policy)
    .filter(({ name }) => !standings.some((standing) => standing.name === name && standing.list !== null))
    .map(({ profile }) => profile);

const principalsOf = ({ policies }: Configuration): ReadonlyMap<string, Principal> =>
  new Map(policies.principals.map((entry) => [entry.domain, principalOf(entry)]));

/** Who an entry of `principals.yaml` is to the routes. */
export const principalOf = (entry: PrincipalEntry): Principal => {
  const spc = entry.kind === 'np' ? entry.spc : entry.kind === 'ap' ? (entry.operatedBy ?? null) : null;
  return { domain: entry.domain, kind: entry.kind, class: entry.kind === 'ap' ? entry.class : null, spc };
};

/** A trust list that gives nothing leaves whoever is under its roots refused: another instance may have it. */
export const listProblems = ({ lists }: Generation): string[] =>
  lists.flatMap(({ name, list, refused }) =>
    list === null
      ? [`the trust list ${name} is not in force${refused === null ? '' : `: ${refused}`}: nobody under its roots can register`]
      : [],
  );

/** Numbers of a feed that is not in force are nobody's. */
export const feedProblems = ({ feeds }: Generation): string[] =>
  feeds.flatMap(({ name, codes, inForce, refused }) =>
    inForce === null
      ? [
          `the numbering feed ${name} is not in force${refused === null ? '' : `: ${refused}`}: nobody can register numbers of ${codes.join()}`,
        ]
      : [],
  );

export const feedRemarks = ({ feeds }: Generation): string[] =>
  feeds.flatMap(({ name, inForce, refused }) =>
    inForce === null || refused === null
      ? []
      : [
          `numbering feed ${name}: ${refused}: the last good one, sequence ${inForce.sequence}, stays until ${new Date(inForce.until * 1000).toISOString()}`,
        ],
  );

/** What is wrong with what a list's source offers while the last good one stands in, and what the one in force holds that gives no anchor. */
export const listRemarks = ({ lists }: Generation): string[] =>
  lists.flatMap(({ name, list, refused }) => {
    if (list === null) return [];
    const until = new Date(list.until * 1000).toISOString();
    const stays =
      refused === null ? [] : [`trust list ${name}: ${refused}: the last good one, sequence ${list.sequence}, stays until ${until}`];
    return [...stays, ...list.leftOut.map((entry) => `trust list ${name}: left out: ${entry}`)];
  });

/**
 * When every CRL has run out nobody can register: better another instance is asked. While some are good the gateway stays ready: what needs
 * the others is unavailable by itself (promise 7), and one CA that is late must not take everybody's lookups down.
 */
export const crlProblems = ({ configuration: { crlHorizons, policies }, fetched }: Generation, now: number): string[] => {
  const all = [...crlHorizons.values(), ...fetched.crls.map(({ nextUpdate }) => nextUpdate ?? 0)];
  if (all.length > 0)
    return all.every((until) => until * 1000 <= now)
      ? ['every CRL has run out: see why no newer ones could be fetched, or reload new files']
      : [];
  if (!TRUST_PROFILES.every((profile) => policies.gateway.revocation[profile] === 'required')) return [];
  const { crlSources, crlHosts, ocspHosts } = policies.trust;
  if (crlSources.length > 0) return ['no CRL of crlSources is at hand, and gateway.yaml requires them: see why none could be fetched'];
  // The first certificate that is presented says where its CRL is.
  if (crlHosts.length > 0 || ocspHosts.length > 0) return [];
  return ['there is no CRL, and gateway.yaml requires them: name some in trust.yaml and reload'];
};
