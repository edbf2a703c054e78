import { NOTHING_FETCHED, makeGeneration } from '../adapters/configuration/index.js';
import { readPlaces, type PolicyPlaces, type PolicyReport } from './policy-places.js';

/**
 * What a start would say of policies, trust and TLS files. Signed lists and feeds are judged where the last good ones are kept, by the gateway.
 * @throws ConfigurationProblems
 */
export const checkPolicies = async (places: PolicyPlaces): Promise<PolicyReport> => {
  const configuration = await readPlaces(places);
  const { gaps, world } = makeGeneration(configuration, { lists: [], fetched: NOTHING_FETCHED });
  const awaits = configuration.lists.length + configuration.feeds.length > 0;
  const problems = awaits ? [] : gaps;
  const { versions } = world.verifier;
  if (problems.length > 0) return { code: 1, json: { ok: false, problems }, words: problems.join('\n') };
  const words = Object.entries(versions).map(([kind, version]) => `${kind.padEnd(11)}${version}`);
  return { code: 0, json: { ok: true, versions }, words: ['the policies hold', ...words].join('\n') };
};
