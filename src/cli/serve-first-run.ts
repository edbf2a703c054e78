import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeDevPki } from '../adapters/desk/index.js';
import { readManifest } from './ap-manifest.js';

/**
 * Makes the development PKI where there is none yet. It is made beside its place and moved there whole, so that a crash leaves no half.
 * @returns whether it was made now
 */
export const ensureDevPki = (directory: string): boolean => {
  if (existsSync(directory)) return false;
  const unfinished = `${directory}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(dirname(directory), { recursive: true });
  makeDevPki({ out: unfinished, now: () => Date.now(), random: randomBytes });
  renameSync(unfinished, directory);
  return true;
};

/** The three commands to try next, made from what the PKI holds: a register, a lookup by another AP, an audit. */
export const nextCommands = (pki: string, data: string, url: string): string[] => {
  const { clients, credentials } = readManifest(pki);
  const delegate = credentials.find(({ use, numbers }) => use === 'delegate' && numbers.length > 0);
  const other = clients.find(({ kind, domain }) => kind === 'ap' && domain !== delegate?.provider);
  const number = delegate?.numbers[0]?.start;
  if (delegate?.provider === undefined || delegate.provider === null || number === undefined || other === undefined)
    throw new Error('the PKI in the data directory names no AP with numbers: remove it, and it is made again');
  const signpost = 'node dist/src/cli/main.js';
  return [
    `${signpost} ap register tel:+${number} alice --pki ${pki} --as ${delegate.provider} --url ${url}`,
    `${signpost} ap lookup tel:+${number} --pki ${pki} --as ${other.domain} --url ${url}`,
    `${signpost} audit fsck ${data}`,
  ];
};
