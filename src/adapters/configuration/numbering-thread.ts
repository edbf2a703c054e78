import { parentPort, workerData } from 'node:worker_threads';
import { buffersOf } from '../../numbering/index.js';
import { codeOfFault, readInPieces, type NumberingFiles, type ThreadAnswer } from './numbering-file.js';

/** The thread that reads numbering data: the gateway answers meanwhile. */
const answer = (message: ThreadAnswer, buffers: ArrayBuffer[]): void => parentPort?.postMessage(message, buffers);

try {
  const contents = await readInPieces(workerData as NumberingFiles);
  answer(contents, contents.read.ok ? buffersOf(contents.read.value) : []);
} catch (error) {
  const code = codeOfFault(error);
  if (code === null) throw error;
  answer({ code }, []);
}
