import { Refusal, Unavailable, refuse } from '../reasons/index.js';
import { parseSii, subjectId } from '../identifiers/index.js';
import { StoreBehind, type Clock, type SubjectId } from '../ports/index.js';
import { asOf, resolve, type Question, type ResolvedMapping, type Subject, type View } from '../registry/index.js';
import type { HeldAnswer, HeldAnswers } from './held-answers.js';
import type { Meter } from './meter.js';
import type { Projection } from './projection.js';
import type { Sequencer } from './sequencer.js';
import type { LookupAnswer, LookupQuery, Lookups, Principal } from './use-cases.js';
import type { World } from './world.js';

export interface LookupParts {
  readonly world: () => World;
  readonly projection: Projection;
  readonly sequencer: Sequencer;
  readonly meter: Pick<Meter, 'charge' | 'observe'>;
  readonly held: Pick<HeldAnswers, 'ask' | 'settle' | 'drop'>;
  readonly pepper: Uint8Array;
  readonly clock: Clock;
}

/**
 * Answers for canonicalised SIIs, in order. A miss takes the same way as a hit (DESIGN section 2, promise 8). Subjects are read before they are counted: to
 * watch one's own users is free, and a store that is away costs nothing. What is answered is held for the caller; an answer whose change could not be told has a ttl of 0.
 * @throws Refusal `malformed-request` for an SII that is none, `view-not-allowed`, `over-quota`: nothing was counted; Unavailable `store-unavailable`
 */
export const lookup = async (parts: LookupParts, queries: readonly LookupQuery[], client: Principal): Promise<Lookups> => {
  const siis = queries.map((query) => canonical(query.sii));
  checkViews(parts.world(), queries, client);
  const ids = siis.map((sii) => subjectId(parts.pepper, sii));
  // Before anything is read: a change that comes from here on is seen, by the caller or by `settle`.
  const asked = queries.map((query, i) => parts.held.ask(client.domain, ids[i] as SubjectId, siis[i] as string, questionOf(query, client)));
  try {
    return await answered(parts, client, { queries, siis, ids, asked });
  } finally {
    for (const one of asked) parts.held.drop(one);
  }
};

interface Asked {
  readonly queries: readonly LookupQuery[];
  readonly siis: readonly string[];
  readonly ids: readonly SubjectId[];
  readonly asked: readonly HeldAnswer[];
}

const answered = async (parts: LookupParts, client: Principal, { queries, siis, ids, asked }: Asked): Promise<Lookups> => {
  const subjects = await currentSubjects(parts, ids);
  const now = parts.clock.now();
  const others = siis.filter((_, i) => !hasMappingOf(subjects[i] ?? null, client, now));
  const { standing, fresh } = await parts.meter.charge(client, others);
  const answers = queries.map((query, i) => {
    const { sii, mappings, ttl } = answer(parts.world(), siis[i] as string, subjects[i] ?? null, query, client, now);
    return { sii, mappings, ttl: parts.held.settle(asked[i] as HeldAnswer, ttl) };
  });
  const hits = new Map(answers.map(({ sii, mappings }) => [sii, mappings.length > 0]));
  others.forEach((sii, i) => {
    if (fresh[i]) parts.meter.observe(client, sii, hits.get(sii) === true);
  });
  return { answers, quota: standing };
};

const hasMappingOf = (subject: Subject | null, { domain }: Principal, now: number): boolean =>
  subject !== null && asOf(subject, now).mappings.some((mapping) => mapping.provider === domain);

const canonical = (sii: string): string => {
  try {
    return parseSii(sii).uri;
  } catch (error) {
    if (error instanceof Refusal) throw new Refusal('malformed-request', error.detail === undefined ? 'sii' : `sii: ${error.detail}`);
    throw error;
  }
};

const answer = (world: World, sii: string, subject: Subject | null, query: LookupQuery, client: Principal, now: number): LookupAnswer => {
  const { mappings, ttlSeconds } = resolve(subject, {
    ...questionOf(query, client),
    now,
    maxTtl: world.lookup.ttl,
    negativeTtl: world.lookup.negativeTtl,
  });
  return { sii, mappings: mappings.map((mapping) => shown(mapping, client, query.signed === true)), ttl: ttlSeconds };
};

/** Acceptance 8.4. Before anything is read or counted: the refusal says nothing of the number. */
const checkViews = ({ lookup: { views } }: World, queries: readonly LookupQuery[], client: Principal): void => {
  if (views === 'all' || client.class === null) return;
  if (queries.some(({ view }) => view !== undefined && view !== client.class)) refuse('view-not-allowed');
};

export const questionOf = ({ view, circle }: LookupQuery, client: Principal): Question => ({
  view: view ?? ownView(client),
  circle: circle ?? null,
});

/** An AP sees what its own class serves unless it asks otherwise; who is no AP sees all. */
const ownView = (client: Principal): View => client.class ?? 'all';

const shown = (mapping: ResolvedMapping, client: Principal, isSigned: boolean): LookupAnswer['mappings'][number] => {
  const { ssi, provider, purpose, kind } = mapping;
  const answered = { ssi, provider, purpose, kind, default: mapping.default, expires: new Date(mapping.expires * 1000).toISOString() };
  return isSigned || client.kind === 'auditor' || client.domain === provider ? { ...answered, logIndex: mapping.leafIndex } : answered;
};

/**
 * Subjects as the log has them. A store that is seen to be behind is repaired first: it may have lost a release.
 * @throws Unavailable `store-unavailable`
 */
export const currentSubjects = async (
  { projection, sequencer }: Pick<LookupParts, 'projection' | 'sequencer'>,
  ids: readonly SubjectId[],
): Promise<(Subject | null)[]> => {
  try {
    if (!sequencer.storeBehind) return await projection.subjects(ids);
  } catch (error) {
    if (!(error instanceof StoreBehind)) throw error;
  }
  await sequencer.repair();
  try {
    return await projection.subjects(ids);
  } catch (error) {
    if (error instanceof StoreBehind) throw new Unavailable('store-unavailable');
    throw error;
  }
};
