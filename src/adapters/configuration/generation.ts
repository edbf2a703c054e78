import type { Principal, World } from '../../gateway/index.js';
import { TRUST_PROFILES, Verifier, type Caches } from '../../verification/index.js';
import type { Configuration } from './configuration.js';
import { ConfigurationProblems } from './problems.js';

/** What a reload swaps at once: what verdicts depend on, who may connect, and the files behind both. */
export interface Generation {
  readonly configuration: Configuration;
  readonly world: World;
  readonly principals: ReadonlyMap<string, Principal>;
}

/**
 * A configuration made ready to judge by.
 * @param caches those of the verifier before, so that a reload parses nothing twice
 * @throws ConfigurationProblems when nothing could ever be accepted under it: no anchors, no numbering data
 */
export const makeGeneration = (configuration: Configuration, caches?: Caches): Generation => {
  const { material, policies } = configuration;
  const verifier = new Verifier(material, caches);
  if (verifier.gaps.length > 0) throw new ConfigurationProblems(verifier.gaps.map((gap) => `${gap}: nothing could be accepted; add it`));
  const { mapping, lookup, evidence } = policies.gateway;
  const world = {
    verifier,
    mappingLifetime: mapping.lifetimeDays * 86_400,
    lookup: { ttl: lookup.ttlSeconds, negativeTtl: lookup.negativeTtlSeconds },
    refusalRetentionDays: evidence.days,
  };
  return { configuration, world, principals: principalsOf(configuration) };
};

const principalsOf = ({ policies }: Configuration): ReadonlyMap<string, Principal> =>
  new Map(
    policies.principals.map((entry) => {
      const spc = entry.kind === 'np' ? entry.spc : entry.kind === 'ap' ? (entry.operatedBy ?? null) : null;
      return [entry.domain, { domain: entry.domain, kind: entry.kind, class: entry.kind === 'ap' ? entry.class : null, spc }];
    }),
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
