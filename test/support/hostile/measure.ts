import { inspectLine } from '../../../src/cli/inspect-lines.js';
import { PassportLines } from '../../../src/verification/index.js';
import { answerPathLine } from '../../../src/verification/path-lines.js';
import { CertificateCache } from '../../../src/x509/index.js';
import { AUTHORIZER, POLICY } from '../passport-bench.js';
import type { HostileLine } from './line.js';

/** Answers a line as the commands do, with caches of its own. */
export const answer = (entrance: HostileLine['entrance'], line: Buffer): object => {
  if (entrance === 'inspect') return inspectLine(line);
  if (entrance === 'passport') return new PassportLines({ policy: POLICY, authorizer: AUTHORIZER }).answer(line);
  return answerPathLine(line, new CertificateCache());
};

export interface Measured {
  readonly answer: object;
  /** CPU of the whole process, ms. */
  readonly cpu: number;
}

export const measure = (entrance: HostileLine['entrance'], line: Buffer): Measured => {
  const before = process.cpuUsage();
  const given = answer(entrance, line);
  const { user, system } = process.cpuUsage(before);
  return { answer: given, cpu: (user + system) / 1000 };
};
