import { z } from 'zod';
import { JsonError, decodeBase64, encodeBase64, parseStrictJson } from '../../encoding/index.js';
import type { FeedArchive } from '../../ports/index.js';
import type { StatementFloor } from '../../verification/index.js';
import { ConfigurationProblems } from './problems.js';

/** The last good feed: what a restart has, and behind which no feed goes back. */
export interface FeedRecord extends StatementFloor {
  /** The statement as it came. */
  readonly octets: Uint8Array;
  /** SHA-256 of its rows: of the full list, and of what was added since, in order. */
  readonly full: string;
  readonly deltas: readonly string[];
}

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const schema = z.strictObject({
  sequence: z.int().nonnegative(),
  digest,
  octets: z.string(),
  full: digest,
  deltas: z.array(digest),
});

export const damaged = (name: string): ConfigurationProblems =>
  new ConfigurationProblems([
    `the last good numbering feed ${name} in the data directory is damaged: restore it; or remove its folder, and give the newest full list`,
  ]);

/** @throws ConfigurationProblems when what is kept cannot be read: without it a feed of the past would pass for a new one. */
export const readFeedRecord = async (archive: FeedArchive, name: string): Promise<FeedRecord | null> => {
  const stored = await archive.read(name);
  if (stored === null) return null;
  const parsed = schema.safeParse(jsonOf(stored));
  const octets = parsed.success ? decodeBase64(parsed.data.octets) : null;
  if (!parsed.success || octets === null) throw damaged(name);
  return { ...parsed.data, octets };
};

const jsonOf = (octets: Uint8Array): unknown => {
  try {
    return parseStrictJson(octets);
  } catch (error) {
    if (error instanceof JsonError) return null;
    throw error;
  }
};

/** Durable when it resolves. */
export const writeFeedRecord = (archive: FeedArchive, name: string, record: FeedRecord): Promise<void> => {
  const text = JSON.stringify({ ...record, octets: encodeBase64(record.octets) });
  return archive.save(name, Buffer.from(`${text}\n`), [record.full, ...record.deltas]);
};
