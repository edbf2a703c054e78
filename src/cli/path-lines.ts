import type { Readable, Writable } from 'node:stream';
import { answerPathLine } from '../verification/path-lines.js';
import { CertificateCache } from '../x509/index.js';
import { runLines } from './lines.js';

/** CAs and anchors come again from line to line, end-entities do not. */
const CACHED_CERTIFICATES = 500;

/** `verify path`: answers JSON lines with JSON lines, in order, as they come (CONTRACT section 3). */
export const runPathLines = async (input: Readable, output: Writable): Promise<void> => {
  const cache = new CertificateCache(CACHED_CERTIFICATES);
  await runLines(input, output, (line) => answerPathLine(line, cache));
};
