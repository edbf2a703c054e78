import { readFile } from 'node:fs/promises';
import { Connection } from '../client/connection.js';
import { fsckLog, type FsckReport } from '../log/index.js';
import { ownKey, prefixOf, remoteReader } from './audit-place.js';
import { fsckDirectory } from './audit-fsck-directory.js';
import { CannotRun, type AuditReport } from './audit-report.js';

export interface FsckOptions {
  readonly logVkey?: string;
  readonly ca?: string;
}

const fsckUrl = async (place: string, { logVkey, ca }: FsckOptions): Promise<FsckReport> => {
  const url = new URL(place);
  const connection = new Connection({ url, ...(ca === undefined ? {} : { ca: await readFile(ca) }) });
  try {
    return await fsckLog({ read: remoteReader(connection, prefixOf(url)) }, logVkey ?? (await ownKey(connection)));
  } finally {
    connection.close();
  }
};

/** Derives a log again and names the first thing that is wrong. */
export const auditFsck = async (place: string, options: FsckOptions): Promise<AuditReport> => {
  if (/^http:/i.test(place)) throw new CannotRun('only https URLs are read');
  const remote = /^https:/i.test(place);
  const { size, root, problem, ...more } = remote ? await fsckUrl(place, options) : await fsckDirectory(place, options);
  const key =
    remote && options.logVkey === undefined ? '; under the key that the gateway hands out: give --log-vkey to hold it to one you know' : '';
  const looked = remote
    ? 'every tile, root and leaf'
    : 'every tile, root, leaf, record, key, mapping, principal, batch and piece of evidence';
  if (problem !== null) {
    return {
      code: 1,
      json: { holds: false, place, size, root, problem, ...more },
      words: `does not hold: ${problem.path}: ${problem.what}`,
    };
  }
  return {
    code: 0,
    json: { holds: true, place, size, root, problem: null, ...more },
    words: `holds: ${size} entries under root ${root}; ${looked} derived again${key}`,
  };
};
