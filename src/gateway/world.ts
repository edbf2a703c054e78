import type { GatewayPolicy, ViewRule } from '../policy/index.js';
import type { Versions } from '../verification/verdict.js';
import type { Verifier } from '../verification/index.js';
import type { QuotaTerms } from './quota.js';
import type { RejectTerms } from './reject-budget.js';

/** One generation of everything that verdicts depend on. Swapped whole (DESIGN section 3: judged at the commit). */
export interface World {
  readonly verifier: Verifier;
  /** Seconds that a mapping lives after its last registration. */
  readonly mappingLifetime: number;
  /** Seconds that a mapping still lives whose credential no longer stands, unless it is registered again. */
  readonly attestGrace: number;
  readonly ports: {
    /** Seconds that one NP's word about a port waits for the other's, and that a mapping lives after a port unless it is registered again. */
    readonly pairing: number;
    readonly grace: number;
  };
  readonly lookup: {
    /** Seconds: the longest ttl of an answer with mappings, and of one without. */
    readonly ttl: number;
    readonly negativeTtl: number;
    /** Whether callers may ask for signed answers. */
    readonly signed: boolean;
    /** Which views an AP may ask for: that of its own class, or all. */
    readonly views: ViewRule;
  };
  readonly quota: QuotaTerms;
  /** Seconds that an OCSP response is used at most. */
  readonly ocspSeconds: number;
  /** Openings that one auditor or operator is given in a UTC day. */
  readonly openingsPerDay: number;
  /** Leaves that a client may make of what changes nothing. */
  readonly rejects: RejectTerms;
  /** Days that the sealed evidence of refusals is kept. */
  readonly refusalRetentionDays: number;
}

export const versionsOf = (world: World): Versions => world.verifier.versions;

/** What events and their effects follow from, beside what they say: of a world, or of the documents that a leaf names. */
export type EventTerms = Pick<World, 'verifier' | 'mappingLifetime' | 'ports'>;

export const eventTermsOf = (verifier: Verifier, { mapping, ports }: GatewayPolicy): EventTerms => ({
  verifier,
  mappingLifetime: mapping.lifetimeDays * 86_400,
  ports: { pairing: ports.pairHours * 3600, grace: ports.graceDays * 86_400 },
});
