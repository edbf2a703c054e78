import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { FileLogStorage, LAYOUT, readPublicKeys } from '../adapters/files/index.js';
import { Connection } from '../client/connection.js';
import { openCheckpoint, VerifiedLog, type Checkpoint, type ReadFile } from '../log/index.js';
import { requiredKey } from './audit-policy.js';
import { CannotRun } from './audit-report.js';

export interface PlaceOptions {
  readonly logVkey?: string;
  readonly ca?: string;
}

/** Where the tiles of a log are read, and under which key. */
export interface AuditPlace {
  readonly read: ReadFile;
  readonly vkey: string;
  close(): void;
}

/** A gateway that is busy, or meters its readers, is asked again: this often, waiting as long as it says or a second. */
const ATTEMPTS = 8;
const LONGEST_WAIT = 30;

/** Published files over https. A tile that is not there is null; anything else that is not an answer keeps the audit from running. */
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
export const ownKey = async (connection: Connection): Promise<string> => {
  const { status, body } = await connection.call({ method: 'GET', path: '/.well-known/mimi-discovery' });
  const document: unknown = status === 200 ? JSON.parse(body.toString('utf8')) : null;
  if (typeof document === 'object' && document !== null && 'logVkey' in document && typeof document.logVkey === 'string')
    return document.logVkey;
  throw new CannotRun('the gateway hands out no key: give --log-vkey');
};

const prefixOf = ({ pathname }: URL): string => (pathname === '/' ? '/log' : pathname.replace(/\/$/, ''));

export const isFolder = async (path: string): Promise<boolean> => {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
};

/** The https URL of a gateway or of a log, a data directory, or a folder of tiles. @throws CannotRun */
export const openPlace = async (place: string, { logVkey: given, ca }: PlaceOptions): Promise<AuditPlace> => {
  const logVkey = given === undefined ? undefined : requiredKey(given, '--log-vkey');
  if (/^http:/i.test(place)) throw new CannotRun('only https URLs are read');
  if (/^https:/i.test(place)) {
    const url = new URL(place);
    const connection = new Connection({ url, ...(ca === undefined ? {} : { ca: await readFile(ca) }) });
    try {
      return {
        read: remoteReader(connection, prefixOf(url)),
        vkey: logVkey ?? (await ownKey(connection)),
        close: () => connection.close(),
      };
    } catch (error) {
      connection.close();
      throw error;
    }
  }
  const isDataDirectory = await isFolder(join(place, LAYOUT.wal));
  const tiles = isDataDirectory ? join(place, LAYOUT.tiles) : place;
  if (!isDataDirectory && !(await isFolder(join(place, 'tile'))))
    throw new CannotRun(`${place} is neither a data directory nor a folder of tiles`);
  const vkey = logVkey ?? (isDataDirectory ? (await readPublicKeys(join(place, LAYOUT.keys))).logVkey : undefined);
  if (vkey === undefined) throw new CannotRun('--log-vkey is needed for a folder of tiles');
  const storage = FileLogStorage.reader(tiles);
  return { read: (path) => storage.read(path), vkey, close: () => undefined };
};

export interface OpenedLog {
  readonly log: VerifiedLog;
  readonly checkpoint: Checkpoint;
  readonly note: string;
}

/** The log under its newest checkpoint. @throws Refusal for a checkpoint, or tiles, that do not hold */
export const openLog = async ({ read, vkey }: AuditPlace): Promise<OpenedLog> => {
  const octets = await read('checkpoint');
  if (octets === null) throw new CannotRun('there is no checkpoint');
  const checkpoint = openCheckpoint(octets, vkey);
  return { log: await VerifiedLog.open(read, checkpoint), checkpoint, note: Buffer.from(octets).toString('utf8') };
};
