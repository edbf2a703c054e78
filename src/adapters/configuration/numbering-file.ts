import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { isNativeError } from 'node:util/types';
import { Worker } from 'node:worker_threads';
import {
  NumberingReader,
  NumberingTable,
  TableBuilder,
  rowsOutside,
  type FeedScope,
  type Read,
  type TableColumns,
} from '../../numbering/index.js';

/** From here on files take longer than a request may wait: some 10,000 rows. */
const IN_PLACE = 256 * 1024;
const PIECE = 1024 * 1024;

/** Files of numbering data that make one table, and what their rows may be about; null: anything. */
export interface NumberingFiles {
  readonly files: readonly { readonly path: string; /** For problems. */ readonly name: string }[];
  readonly scope: FeedScope | null;
}

/** What files of numbering data came to. */
export interface NumberingContents {
  readonly read: Read<TableColumns>;
  /** Of each file: lower-case hex over its octets, and its rows. */
  readonly files: readonly { readonly sha256: string; readonly rows: number }[];
  /** Rows that are not within the scope. */
  readonly outside: number;
}

/**
 * Reads files in pieces, so that neither their octets nor a text of them are ever whole in memory.
 * @param onOctets is told how many have been read. @throws whatever the system says
 */
export const readInPieces = async (
  { files, scope }: NumberingFiles,
  onOctets: (octets: number) => void = () => undefined,
): Promise<NumberingContents> => {
  const builder = new TableBuilder();
  const found = [];
  const problems: string[] = [];
  let octets = 0;
  for (const { path, name } of files) {
    const reader = new NumberingReader(name, builder);
    const sha256 = await readOne(path, (piece) => {
      reader.read(piece);
      onOctets((octets += piece.length));
    });
    const read = reader.end();
    found.push({ sha256, rows: read.ok ? read.value : 0 });
    if (!read.ok) problems.push(...read.problems);
  }
  if (problems.length > 0) return { read: { ok: false, problems }, files: found, outside: 0 };
  const columns = builder.columns();
  return { read: { ok: true, value: columns }, files: found, outside: scope === null ? 0 : rowsOutside(columns, scope) };
};

/** Lower-case hex SHA-256 of the file. */
const readOne = async (path: string, take: (piece: Uint8Array) => void): Promise<string> => {
  const hash = createHash('sha256');
  const file = await open(path);
  try {
    const piece = Buffer.alloc(PIECE);
    for (;;) {
      const { bytesRead } = await file.read(piece, 0, PIECE);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(piece.subarray(0, bytesRead));
      take(piece.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
};

/** What the thread answers: an error loses its code on the way. */
export type ThreadAnswer = NumberingContents | { readonly code: string };

/** A fault of the system that the thread met. */
class ThreadFault extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** Reads files beside whatever else goes on: large ones in a thread of their own. @throws whatever the system says */
export const readNumberingFiles = async (given: NumberingFiles): Promise<NumberingContents> => {
  let octets = 0;
  for (const { path } of given.files) octets += (await stat(path)).size;
  return octets <= IN_PLACE ? await readInPieces(given) : await inThread(given);
};

const inThread = (given: NumberingFiles): Promise<NumberingContents> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./numbering-thread.js', import.meta.url), { workerData: given });
    worker.once('message', (answer: ThreadAnswer) => ('code' in answer ? reject(new ThreadFault(answer.code)) : resolve(answer)));
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the thread that reads numbering data ended early')));
  });

export const codeOfFault = (error: unknown): string | null => (isNativeError(error) && 'code' in error ? String(error.code) : null);

export const tableOf = (read: Read<TableColumns>): Read<NumberingTable> =>
  read.ok ? { ok: true, value: new NumberingTable(read.value) } : read;
