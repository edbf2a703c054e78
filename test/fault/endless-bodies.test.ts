import { execFile } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { issueCa } from '../support/raw-certificate.js';
import { openOrigin, originTrust, serverIdentity, type Origin } from '../support/tls-origin.js';
import { pemOf } from '../support/x5u-origin.js';

/** 100 at once: 25 of each host, below what the budgets allow. */
const HOSTS = ['a', 'b', 'c', 'd'].map((name) => `${name}.sti.example`);
const FETCHES = 100;
/** Octets: `BUDGET_LIMITS.inAll` reckons with 100 KiB each; thrice that with what the collector has not got to. A body unbounded is gigabytes. */
const MOST = 64 * 1024 * 1024;

const CHILD = fileURLToPath(new URL('../support/endless-child.js', import.meta.url));
const PART = Buffer.alloc(64 * 1024, 'A');
const PATH = pemOf([issueCa({ issuer: null, subject: 'root' }).der]);

/** Writes for as long as anybody reads. */
const endless = (response: ServerResponse): void => {
  const more = (): void => {
    while (!response.destroyed && response.write(PART));
  };
  response.writeHead(200, { 'Content-Type': 'text/plain' });
  response.on('drain', more);
  more();
};
let origin: Origin;
const answering = (request: IncomingMessage, response: ServerResponse): void => {
  if (request.url?.startsWith('/endless') === true) endless(response);
  else response.writeHead(200, { 'Content-Type': 'text/plain' }).end(PATH);
};
beforeAll(async () => {
  origin = await openOrigin(answering, serverIdentity(HOSTS));
});
afterAll(() => origin.close());

interface Told {
  readonly outcomes: readonly string[];
  readonly peak: number;
  readonly rest: number;
}
const fetchAll = (kind: string): Promise<Told> => {
  const urls = Array.from({ length: FETCHES }, (_, i) => `https://${HOSTS[i % HOSTS.length] ?? ''}/${kind}/${String(i)}`);
  const args = ['--expose-gc', CHILD, String(origin.port), originTrust(), ...urls];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, (error, out) => (error === null ? resolve(JSON.parse(out) as Told) : reject(error)));
  });
};

test.each([
  ['endless', 'credential-unavailable too-large'],
  ['path', 'fetched'],
])('a hundred fetches at once of an %s cost no more memory than their budgets: %s', async (kind, outcome) => {
  const { outcomes, peak, rest } = await fetchAll(kind);
  expect(new Set(outcomes)).toEqual(new Set([outcome]));
  expect(outcomes).toHaveLength(FETCHES);
  expect(peak).toBeLessThan(MOST);
  expect(rest).toBeLessThan(MOST);
});
