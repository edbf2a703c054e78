import { readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { readFeedRecord, readInPieces, type NumberingFeedFiles } from '../adapters/configuration/index.js';
import { FileFeedArchive, copyFile, nodeFileSystem, writeWhole, type FileSystem } from '../adapters/files/index.js';
import { NumberingPlan, NumberingTable, changesBetween, scopesOf, type FeedScope, type HeldChange } from '../numbering/index.js';
import { Refusal, refuse } from '../reasons/index.js';
import { readNumberingStatement } from '../verification/index.js';
import { ImportProgress, type Screen } from './import-progress.js';
import { policiesOf, readPlaces, type PolicyPlaces, type PolicyReport } from './policy-places.js';

/*
 * Writes, and what a kill after each leaves:
 *  1 the rows under a temporary name, durable    what was there; the next import writes over it
 *  2 their rename, fsync of the folder           numbering.csv: the new rows. Of a feed: what was there, and rows that no statement names
 *  3 of a feed the statement, as durable-file    the old statement or the new one, and the rows of both
 */

export interface ImportOptions extends PolicyPlaces {
  readonly feed?: string;
  readonly dryRun?: boolean;
}

/** What is wrong with the command, not with the files. */
export class ImportUsage extends Error {}

interface Import {
  readonly options: ImportOptions;
  readonly fs: FileSystem;
  readonly screen: Screen;
  readonly now: number;
}

/** The rows that an import is about: where they are, and where they go. */
interface RowFile {
  readonly source: string;
  readonly target: string;
  readonly scope: FeedScope | null;
}

interface Checked {
  readonly table: NumberingTable;
  readonly rows: number;
  readonly sha256: string;
  /** Where they were looked at: beside their place, unless nothing is to be written. */
  readonly path: string;
}

/**
 * Checks numbering data offline and puts them where a gateway takes them from: a CSV in the place of numbering.csv, or a feed's statement with its rows.
 * Memory is that of the rows in order; with `dryRun` that of those in force besides. @throws ImportUsage, ConfigurationProblems; whatever the system says
 */
export const importNumbering = async (
  files: readonly string[],
  options: ImportOptions,
  fs: FileSystem = nodeFileSystem,
  screen: Screen = process.stderr,
): Promise<PolicyReport> => {
  const statements = files.filter((file) => !file.endsWith('.csv'));
  const rows = files.filter((file) => file.endsWith('.csv'));
  if (statements.length > 1 || rows.length > 1 || files.length === 0)
    throw new ImportUsage('one CSV, or the statement of one feed and its CSV');
  const given = { options, fs, screen, now: Date.now() };
  try {
    const [statement] = statements;
    return statement === undefined ? await importRows(rows[0] ?? '', given) : await importFeed(statement, rows[0], given);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { reason, detail = null } = error;
    return { code: 1, json: { ok: false, reason, detail }, words: `refused: ${reason}${detail === null ? '' : `: ${detail}`}` };
  }
};

const importRows = async (source: string, given: Import): Promise<PolicyReport> => {
  const target = join(policiesOf(given.options), 'numbering.csv');
  const rows = await checked({ source, target, scope: null }, given);
  if (given.options.dryRun === true) {
    const { policies } = await readPlaces(given.options);
    return changed(new NumberingPlan([policies.numbering]), new NumberingPlan([rows.table]), given.now);
  }
  await install(rows.path, target, given.fs);
  return imported(rows, { file: target });
};

const importFeed = async (statementFile: string, rowFile: string | undefined, given: Import): Promise<PolicyReport> => {
  const configuration = await readPlaces(given.options);
  const files = feedOf(configuration.feeds, given.options.feed);
  const { name, file } = files.policy;
  const archive = new FileFeedArchive(join(given.options.data, 'numbering'));
  const record = await readFeedRecord(archive, name);
  const octets = readFileSync(statementFile);
  const statement = await readNumberingStatement({ octets, name, roots: files.roots, floor: record, crls: null, at: given.now });
  const codes = configuration.feeds.map(({ policy }) => policy.codes);
  const scope = scopesOf(codes)[configuration.feeds.indexOf(files)] ?? null;
  const target = join(files.folder, `${statement.sha256}.csv`);
  const source = rowFile ?? join(dirname(statementFile), `${statement.sha256}.csv`);
  const rows = await checked({ source, target, scope }, given, (found) => {
    if (found.sha256 !== statement.sha256) refuse('feed-rows-mismatch', 'SHA-256');
    if (found.rows !== statement.rows) refuse('feed-rows-mismatch', `${found.rows} rows`);
  });
  if (given.options.dryRun === true) {
    const own = configuration.policies.numbering;
    const kept = record === null ? [] : [[record.full], record.deltas].filter((digests) => digests.length > 0);
    const before: NumberingTable[] = [];
    for (const digests of kept) before.push(await tableOf(digests.map((sha256) => archive.pathOf(name, sha256))));
    const after = statement.base === null ? [rows.table] : [...before, rows.table];
    return changed(new NumberingPlan([own, ...before]), new NumberingPlan([own, ...after]), given.now);
  }
  await install(rows.path, target, given.fs);
  const place = resolve(files.folder, basename(file));
  // Whoever may read the rows may read who signed them.
  await writeWhole(given.fs, `${place}.import`, octets, 0o644);
  await install(`${place}.import`, place, given.fs);
  return imported(rows, { file: place, feed: name, sequence: statement.sequence });
};

const feedOf = (feeds: readonly NumberingFeedFiles[], name: string | undefined): NumberingFeedFiles => {
  const found = feeds.filter(({ policy }) => name === undefined || policy.name === name);
  const [feed] = found;
  if (feed !== undefined && found.length === 1) return feed;
  throw new ImportUsage(
    found.length > 1 ? 'trust.yaml names several feeds: say --feed' : 'trust.yaml names no such feed under numberingFeeds',
  );
};

/** What is refused is not left beside what is in place. */
const checked = async (file: RowFile, given: Import, isMeant: (checked: Checked) => void = () => undefined): Promise<Checked> => {
  const path = given.options.dryRun === true ? file.source : `${file.target}.import`;
  try {
    const found = await check(file, path, given);
    isMeant(found);
    return found;
  } catch (error) {
    if (error instanceof Refusal && path !== file.source) await given.fs.remove(path);
    throw error;
  }
};

const check = async ({ source, scope }: RowFile, path: string, { fs, screen }: Import): Promise<Checked> => {
  const { size } = statSync(source);
  // Looked at where it will be: what was given may change meanwhile.
  if (path !== source) await copyFile(fs, source, path, 0o644);
  const progress = new ImportProgress(size, 0, screen, () => performance.now());
  const contents = await readInPieces({ files: [{ path, name: source }], scope }, (octets) => progress.tell(octets, 0));
  progress.end(size, contents.outside);
  const [own] = contents.files;
  if (!contents.read.ok || own === undefined)
    return refuse('feed-rows-malformed', contents.read.ok ? '' : contents.read.problems.join('\n'));
  if (contents.outside > 0) return refuse('feed-out-of-scope', `${contents.outside} rows`);
  if (own.rows === 0 && scope === null) return refuse('feed-rows-malformed', 'it has no row');
  return { table: new NumberingTable(contents.read.value), ...own, path };
};

const install = async (path: string, target: string, fs: FileSystem): Promise<void> => {
  await fs.rename(path, target);
  await fs.syncDirectory(dirname(target));
};

const tableOf = async (paths: readonly string[]): Promise<NumberingTable> => {
  const { read } = await readInPieces({ files: paths.map((path) => ({ path, name: path })), scope: null });
  return read.ok ? new NumberingTable(read.value) : refuse('feed-rows-malformed', read.problems.join('\n'));
};

const imported = ({ rows, sha256 }: Checked, facts: Readonly<Record<string, unknown>>): PolicyReport => ({
  code: 0,
  json: { ok: true, rows, sha256, ...facts },
  words: `${rows} rows in place: a gateway that watches ${String(facts['file'])} takes them up within seconds`,
});

const changed = (before: NumberingPlan, after: NumberingPlan, now: number): PolicyReport => {
  const changes = changesBetween(before, after, now);
  return { code: 0, json: { ok: true, dryRun: true, changes }, words: wordsOfChanges(changes) };
};

export const wordsOfChanges = (changes: readonly HeldChange[]): string =>
  changes.length === 0 ? 'no number changes hands' : changes.map(({ spc, gained, lost }) => `${spc}: +${gained} -${lost}`).join('\n');
