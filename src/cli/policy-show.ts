import { join } from 'node:path';
import { readFeedRecord, readInPieces } from '../adapters/configuration/index.js';
import { FileFeedArchive } from '../adapters/files/index.js';
import { isTn } from '../identifiers/index.js';
import { NumberingPlan, NumberingTable, silenceOf, type Holder } from '../numbering/index.js';
import { ImportUsage } from './policy-import.js';
import { readPlaces, type PolicyPlaces, type PolicyReport } from './policy-places.js';

/** A source of numbering data and what it says of one number. */
interface Said {
  readonly source: string;
  readonly holder: Holder;
}

/**
 * Who holds a number, by each source of numbering data and by all of them; ports are in the log, and are not asked. Feeds count as they were kept, and
 * one that never was in force makes its numbers unusable, as in a gateway: whether one has run out since, the gateway says. @throws ImportUsage, ConfigurationProblems
 */
export const showNumber = async (text: string, places: PolicyPlaces): Promise<PolicyReport> => {
  const tn = text.replace(/^(?:tel:)?\+/, '');
  if (!isTn(tn)) throw new ImportUsage('a number is + and digits, country code first');
  const configuration = await readPlaces(places);
  const own = [configuration.policies.numbering];
  const archive = new FileFeedArchive(join(places.data, 'numbering'));
  const feeds: { source: string; codes: readonly string[]; tables: NumberingTable[] | null }[] = [];
  for (const { policy } of configuration.feeds)
    feeds.push({ source: policy.name, codes: policy.codes, tables: await keptTables(archive, policy.name) });
  const sources = [{ source: 'numbering.csv', tables: own }, ...feeds.map(({ source, tables }) => ({ source, tables: tables ?? [] }))];
  const now = Date.now();
  const said: Said[] = sources.map(({ source, tables }) => ({ source, holder: new NumberingPlan(tables).holderOf(tn, now) }));
  const silence = silenceOf(feeds.map(({ codes, tables }) => ({ codes, isSilent: tables === null })));
  const holder = new NumberingPlan(
    sources.flatMap(({ tables }) => tables),
    silence,
  ).holderOf(tn, now);
  const words = [`of record by numbering data: ${wordsOf(holder)}`, ...said.map((one) => `  ${one.source}: ${wordsOf(one.holder)}`)];
  return { code: holder.status === 'held' ? 0 : 1, json: { ...holder, sources: said }, words: words.join('\n') };
};

/** Null: it never was in force. */
const keptTables = async (archive: FileFeedArchive, name: string): Promise<NumberingTable[] | null> => {
  const record = await readFeedRecord(archive, name);
  if (record === null) return null;
  const files = [record.full, ...record.deltas].map((sha256) => ({ path: archive.pathOf(name, sha256), name: sha256 }));
  const { read } = await readInPieces({ files, scope: null });
  if (!read.ok) throw new Error(read.problems.join('\n'));
  return [new NumberingTable(read.value)];
};

const wordsOf = (holder: Holder): string => {
  if (holder.status !== 'held') return holder.status;
  const since = holder.since === null ? 'ever' : new Date(holder.since).toISOString();
  return `${holder.spc} since ${since}, by ${holder.row.start} and ${holder.row.count - 1} more`;
};
