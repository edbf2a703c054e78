import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { Connection } from '../client/connection.js';
import { fsckLog, type FsckReport, type ReadFile } from '../log/index.js';
import { fsckDirectory } from './audit-fsck-directory.js';
import { CannotRun, type AuditReport } from './audit-report.js';

export interface FsckOptions {
  readonly logVkey?: string;
  readonly ca?: string;
}

/** A gateway that is busy, or meters its readers, is asked again: this often, waiting as long as it says or a second. */
const ATTEMPTS = 8;
const LONGEST_WAIT = 30;

/** Published files over https. A tile that is not there is null; anything else that is not an answer keeps fsck from running. */
const remoteReader = (connection: Connection, prefix: string): ReadFile => {
  return async (path) => {
    for (let attempt = 1; ; attempt += 1) {
      const { status, body, retryAfter } = await connection.call({ method: 'GET', path: `${prefix}/${path}` });
      if (status === 200) return body;
      if (status === 404 || status === 410) return null;
      if (attempt === ATTEMPTS || (status !== 429 && status !== 503)) throw new CannotRun(`${path}: the gateway answered ${status}`);
      await wait(Math.min(Number(retryAfter ?? 1) || 1, LONGEST_WAIT) * 1000);
    }
  };
};

/** The key that the gateway hands out: enough to find damage, not a gateway that lies under a key of its choice. */
const ownKey = async (connection: Connection): Promise<string> => {
  const { status, body } = await connection.call({ method: 'GET', path: '/.well-known/mimi-discovery' });
  const document: unknown = status === 200 ? JSON.parse(body.toString('utf8')) : null;
  if (typeof document === 'object' && document !== null && 'logVkey' in document && typeof document.logVkey === 'string')
    return document.logVkey;
  throw new CannotRun('the gateway hands out no key: give --log-vkey');
};

const fsckUrl = async (place: string, { logVkey, ca }: FsckOptions): Promise<FsckReport> => {
  const url = new URL(place);
  const connection = new Connection({ url, ...(ca === undefined ? {} : { ca: await readFile(ca) }) });
  const prefix = url.pathname === '/' ? '/log' : url.pathname.replace(/\/$/, '');
  try {
    return await fsckLog({ read: remoteReader(connection, prefix) }, logVkey ?? (await ownKey(connection)));
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
  const looked = remote ? 'every tile, root and leaf' : 'every tile, root, leaf, record, key, mapping and principal';
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
