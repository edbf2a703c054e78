import { createInterface } from 'node:readline';
import { z } from 'zod';
import { decodeBase64 } from '../encoding/index.js';
import {
  leafHash,
  nameInLeaf,
  parseLeaf,
  verifyTlogProof,
  VerifiedLog,
  type Checkpoint,
  type LeafFields,
  type ReadFile,
  type VerifiedEntry,
  type LogTerms,
} from '../log/index.js';
import { refuse } from '../reasons/index.js';
import { readShape } from './answers.js';
import { NoAnswer, problemError, UnexpectedAnswer } from './api-refusal.js';
import type { Connection } from './connection.js';
import { followEvents, type Block, type WatchOptions } from './event-stream.js';

export interface MonitoredEntry extends VerifiedEntry {
  readonly fields: LeafFields;
}

/**
 * Every entry that a provider (SPC or domain) signed from index `from` on, read out of the tiles under a checkpoint. Proven: that these are all. An entry without a
 * leaf's form stops it: it might be one of them.
 * @throws Refusal `log-corrupt`
 */
export async function* entriesUnder(read: ReadFile, checkpoint: Checkpoint, name: string, from: number): AsyncGenerator<MonitoredEntry> {
  const spelled = nameInLeaf(name);
  const log = await VerifiedLog.open(read, checkpoint);
  for await (const entry of log.entries(from)) {
    const fields = parseLeaf(entry.leaf);
    if (fields.np?.spc === spelled || fields.np?.dom === spelled) yield { ...entry, fields };
  }
}

const listed = z.union([
  z.object({ index: z.int().nonnegative(), leafHash: z.string(), leaf: z.unknown(), proof: z.string() }),
  z.object({ next: z.int().nonnegative() }),
]);

export interface ListedEntry {
  readonly index: number;
  readonly leafHash: Uint8Array;
}

/**
 * What the gateway lists under a name from `from` on, each entry with a proof that is verified here. Proven: that these are entries of the log; not that they are all:
 * `entriesUnder` is for that. Returns from where to go on.
 * @throws ApiRefusal; Refusal `inclusion-failed`, `untrusted-note`; NoAnswer where the answer was cut off
 */
export async function* listedUnder(
  connection: Connection,
  terms: LogTerms,
  name: string,
  from: number,
): AsyncGenerator<ListedEntry, number> {
  const { request, response } = connection.stream({ method: 'GET', path: `/v1/monitor/${name}?from=${from}` });
  try {
    request.end();
    const answer = await response;
    if (answer.statusCode !== 200) {
      const parts: Buffer[] = [];
      for await (const part of answer as AsyncIterable<Buffer>) parts.push(part);
      throw problemError(answer.statusCode ?? 0, Buffer.concat(parts), answer.headers['retry-after']);
    }
    const lines = createInterface({ input: answer, crlfDelay: Infinity });
    // Who reads on hears of an error from the iterator; once nobody does, giving up the request is none.
    lines.on('error', () => undefined);
    for await (const line of lines) {
      const said = readShape(line, listed);
      if ('next' in said) return said.next;
      yield provenLine(line, said, terms);
    }
    throw new NoAnswer('the list was cut off', true);
  } finally {
    request.destroy();
  }
}

const LEAF = /^\{"index":\d+,"leaf":(\{.*\}),"leafHash":"[A-Za-z0-9+/=]{44}","proof":"/;

/** The leaf is hashed as it stands in the line: parsed and written again it might be another. */
const provenLine = (
  line: string,
  { index, leafHash: said, proof }: { index: number; leafHash: string; proof: string },
  terms: LogTerms,
): ListedEntry => {
  const [, leaf] = LEAF.exec(line) ?? [];
  if (leaf === undefined) throw new UnexpectedAnswer('a line without its leaf');
  const hash = leafHash(Buffer.from(leaf, 'latin1'));
  const octets = decodeBase64(said);
  if (octets === null || Buffer.compare(hash, octets) !== 0) return refuse('inclusion-failed', 'leaf hash');
  const proven = verifyTlogProof({ ...terms, proof, leafHash: hash });
  return Number(proven.index) === index ? { index, leafHash: hash } : refuse('inclusion-failed', 'index');
};

/** What a provider should look at; `reset`: alarms before `index` are no longer kept. Never says whose number it is about. */
export type Alarm =
  | {
      readonly event: 'alarm';
      readonly id: string;
      readonly alarm: string;
      readonly index: number;
      readonly kind: string;
      readonly action: string | null;
      readonly client: string | null;
      readonly signer: string | null;
      readonly reason: string;
      readonly time: string;
    }
  | { readonly event: 'reset'; readonly id: string; readonly index: number };

const text = z.string();
/** What an alarm says, in a stream or by webhook. */
export const alarmShape = z.object({
  alarm: text,
  index: z.int(),
  kind: text,
  action: text.nullable(),
  client: text.nullable(),
  signer: text.nullable(),
  reason: text,
  time: text,
});
const resetShape = z.object({ index: z.int() });

/** Yields a provider's alarms; how it resumes, ends and fails is `followEvents`'s. */
export const watchAlarms = (connection: Connection, name: string, options: WatchOptions): AsyncGenerator<Alarm> =>
  followEvents(connection, `/v1/monitor/${name}/alarms`, options, alarmOf);

const alarmOf = ({ event, id, data }: Block): Alarm | null => {
  if (data === null) return null;
  if (id === null) throw new UnexpectedAnswer('an event without an id');
  if (event === 'reset') return { event, id, index: readShape(data, resetShape).index };
  return { event: 'alarm', id, ...readShape(data, alarmShape) };
};

/** Where the gateway's list and one's own reading differ; null: they do not. */
export const differenceOf = (
  own: readonly number[],
  gatewayLists: readonly number[],
): { readonly missing: number[]; readonly foreign: number[] } | null => {
  const [mine, theirs] = [new Set(own), new Set(gatewayLists)];
  const missing = own.filter((index) => !theirs.has(index));
  const foreign = gatewayLists.filter((index) => !mine.has(index));
  return missing.length === 0 && foreign.length === 0 ? null : { missing, foreign };
};
