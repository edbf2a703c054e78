import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { isNativeError } from 'node:util/types';
import { Worker } from 'node:worker_threads';
import { NumberingReader, NumberingTable, type Read, type TableColumns } from '../../numbering/index.js';

/** From here on a file takes longer than a request may wait: some 10,000 rows. */
const IN_PLACE = 256 * 1024;
const PIECE = 1024 * 1024;

/** A file of numbering data, read whole. */
export interface NumberingFile {
  readonly read: Read<TableColumns>;
  /** Lower-case hex, over the octets of the file. */
  readonly sha256: string;
}

/**
 * Reads a file in pieces, so that neither its octets nor a text of them are ever whole in memory.
 * @param name the file's, for problems
 * @param onOctets is told how many have been read. @throws whatever the system says
 */
export const readInPieces = async (path: string, name: string, onOctets?: (octets: number) => void): Promise<NumberingFile> => {
  const reader = new NumberingReader(name);
  const hash = createHash('sha256');
  const file = await open(path);
  try {
    const piece = Buffer.alloc(PIECE);
    for (let octets = 0; ;) {
      const { bytesRead } = await file.read(piece, 0, PIECE);
      if (bytesRead === 0) break;
      hash.update(piece.subarray(0, bytesRead));
      reader.read(piece.subarray(0, bytesRead));
      onOctets?.((octets += bytesRead));
    }
  } finally {
    await file.close();
  }
  return { read: reader.end(), sha256: hash.digest('hex') };
};

/** What the thread answers: an error loses its code on the way. */
export type ThreadAnswer = NumberingFile | { readonly code: string };

/** A fault of the system that the thread met. */
class ThreadFault extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** Reads a file beside whatever else goes on: a large one in a thread of its own. @throws whatever the system says */
export const readNumberingFile = async (path: string, name: string): Promise<NumberingFile> => {
  const { size } = await stat(path);
  return size <= IN_PLACE ? await readInPieces(path, name) : await inThread(path, name);
};

const inThread = (path: string, name: string): Promise<NumberingFile> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./numbering-thread.js', import.meta.url), { workerData: { path, name } });
    worker.once('message', (answer: ThreadAnswer) => ('code' in answer ? reject(new ThreadFault(answer.code)) : resolve(answer)));
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the thread that reads numbering data ended early')));
  });

export const codeOfFault = (error: unknown): string | null => (isNativeError(error) && 'code' in error ? String(error.code) : null);

export const tableOf = (read: Read<TableColumns>): Read<NumberingTable> =>
  read.ok ? { ok: true, value: new NumberingTable(read.value) } : read;
