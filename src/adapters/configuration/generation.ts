import type { Principal, World } from '../../gateway/index.js';
import { TRUST_PROFILES, Verifier, type Caches } from '../../verification/index.js';
import type { Configuration } from './configuration.js';
import type { TrustListStanding } from './trust-lists.js';

/** What a reload swaps at once: what verdicts depend on, who may connect, and the files behind both. */
export interface Generation {
  readonly configuration: Configuration;
  readonly lists: readonly TrustListStanding[];
  /** What keeps anything at all from being accepted, in words for operators. */
  readonly gaps: readonly string[];
  readonly world: World;
  readonly principals: ReadonlyMap<string, Principal>;
}

/**
 * A configuration made ready to judge by.
 * @param lists how the trust lists of the configuration stand: their anchors count beside those of the files
 * @param caches those of the verifier before, so that a reload parses nothing twice
 */
export const makeGeneration = (configuration: Configuration, lists: readonly TrustListStanding[], caches?: Caches): Generation => {
  const { material, policies } = configuration;
  const anchors = [...material.anchors, ...lists.flatMap((standing) => standing.anchors)];
  const verifier = new Verifier({ ...material, anchors }, caches);
  // Without any anchor no other gap is named; a trust list that is not there yet says so itself, and may come.
  const waits = anchors.length === 0 && lists.length > 0;
  const gaps = waits ? [] : verifier.gaps.map((gap) => `${gap}: nothing could be accepted; add it`);
  const { mapping, lookup, evidence } = policies.gateway;
  const world = {
    verifier,
    mappingLifetime: mapping.lifetimeDays * 86_400,
    attestGrace: mapping.attestGraceDays * 86_400,
    lookup: { ttl: lookup.ttlSeconds, negativeTtl: lookup.negativeTtlSeconds },
    refusalRetentionDays: evidence.days,
  };
  return { configuration, lists, gaps, world, principals: principalsOf(configuration) };
};

const principalsOf = ({ policies }: Configuration): ReadonlyMap<string, Principal> =>
  new Map(
    policies.principals.map((entry) => {
      const spc = entry.kind === 'np' ? entry.spc : entry.kind === 'ap' ? (entry.operatedBy ?? null) : null;
      return [entry.domain, { domain: entry.domain, kind: entry.kind, class: entry.kind === 'ap' ? entry.class : null, spc }];
    }),
  );

/** A trust list that gives nothing leaves whoever is under its roots refused: another instance may have it. */
export const listProblems = ({ lists }: Generation): string[] =>
  lists.flatMap(({ name, list, refused }) =>
    list === null
      ? [`the trust list ${name} is not in force${refused === null ? '' : `: ${refused}`}: nobody under its roots can register`]
      : [],
  );

/** What is wrong with what a list's source offers, while the last good one stands in. */
export const listRemarks = ({ lists }: Generation): string[] =>
  lists.flatMap(({ name, list, refused }) =>
    list === null || refused === null
      ? []
      : [
          `trust list ${name}: ${refused}: the last good one, sequence ${list.sequence}, stays until ${new Date(list.until * 1000).toISOString()}`,
        ],
  );

/**
 * When every CRL has run out nobody can register: better another instance is asked. While some are good the gateway stays ready: what needs
 * the others is unavailable by itself (promise 7), and one CA that is late must not take everybody's lookups down.
 */
export const crlProblems = ({ crlHorizons, policies }: Configuration, now: number): string[] => {
  const all = [...crlHorizons.values()];
  if (all.length === 0 && TRUST_PROFILES.every((profile) => policies.gateway.revocation[profile] === 'required'))
    return ['there is no CRL, and gateway.yaml requires them: name some in trust.yaml and reload'];
  return all.length > 0 && all.every((until) => until * 1000 <= now) ? ['every CRL has run out: fetch new ones and reload'] : [];
};
