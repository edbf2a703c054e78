import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { buffersOf } from '../../numbering/index.js';
import { codeOfFault, readInPieces, type ThreadAnswer } from './numbering-file.js';

/** The thread that reads one file of numbering data: the gateway answers meanwhile. */
const { path, name } = z.object({ path: z.string(), name: z.string() }).parse(workerData);

const answer = (message: ThreadAnswer, buffers: readonly ArrayBuffer[]): void => parentPort?.postMessage(message, [...buffers]);

try {
  const file = await readInPieces(path, name);
  answer(file, file.read.ok ? buffersOf(file.read.value) : []);
} catch (error) {
  const code = codeOfFault(error);
  if (code === null) throw error;
  answer({ code }, []);
}
