import { readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { AuditClient, differenceOf, type MonitoredEntry } from '../client/index.js';
import { CannotRun, type AuditReport } from './audit-report.js';
import { lineOf } from './audit-grep.js';
import { requiredKey } from './audit-policy.js';
import { readCheckpoint, writeCheckpoint } from './checkpoint-file.js';
import { PacedOutput } from './paced-output.js';

export interface MonitorOptions {
  readonly logVkey?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly state?: string;
  readonly alarms?: boolean;
  readonly after?: string;
}

const pem = async (file: string | undefined): Promise<string | undefined> =>
  file === undefined ? undefined : await readFile(file, 'utf8');

const clientOf = async (url: string, { logVkey, ca, cert, key }: MonitorOptions): Promise<AuditClient> => {
  if (!/^https:/i.test(url)) throw new CannotRun('only https URLs are read');
  const [caPem, certPem, keyPem] = [await pem(ca), await pem(cert), await pem(key)];
  return new AuditClient({
    url,
    logVkey: requiredKey(logVkey, '--log-vkey'),
    ...(caPem === undefined ? {} : { ca: caPem }),
    ...(certPem === undefined ? {} : { cert: certPem }),
    ...(keyPem === undefined ? {} : { key: keyPem }),
  });
};

/** Everything that was signed under a name since the last run, by one's own reading, beside what the gateway lists: exit 1 where they differ. */
export const auditMonitor = async (name: string, url: string, options: MonitorOptions): Promise<AuditReport> => {
  const client = await clientOf(url, options);
  try {
    if (options.alarms === true) return await printAlarms(client, name, options);
    const { state, logVkey = '' } = options;
    const after = state === undefined ? undefined : await readCheckpoint(state, logVkey);
    const { checkpoint, entries } = await client.monitor(name, after);
    const own = await printEntries(entries);
    const size = Number(checkpoint.size);
    if (options.cert !== undefined) {
      const difference = differenceOf(own, await listedIndices(client, name, Number(after?.size ?? 0), size));
      if (difference !== null)
        return {
          code: 1,
          json: { holds: false, ...difference },
          words: `does not hold: the gateway lists other entries than its log has: ${JSON.stringify(difference)}`,
        };
    }
    if (state !== undefined) await writeCheckpoint(state, checkpoint.note);
    process.stderr.write(`${own.length} entries under ${name}, of ${size} in all\n`);
    return { code: 0, json: {}, words: '' };
  } finally {
    client.close();
  }
};

const printEntries = async (entries: AsyncIterable<MonitoredEntry>): Promise<number[]> => {
  const output = new PacedOutput(process.stdout);
  const own: number[] = [];
  for await (const entry of entries) {
    own.push(entry.index);
    await output.write(lineOf(entry));
  }
  await output.flush();
  return own;
};

/** What came after the checkpoint is for the next run. */
const listedIndices = async (client: AuditClient, name: string, from: number, size: number): Promise<number[]> => {
  const listed: number[] = [];
  for await (const { index } of client.monitored(name, from)) if (index < size) listed.push(index);
  return listed;
};

const printAlarms = async (client: AuditClient, name: string, { after }: MonitorOptions): Promise<AuditReport> => {
  const stop = new AbortController();
  const end = (): void => stop.abort();
  process.once('SIGTERM', end).once('SIGINT', end);
  for await (const alarm of client.alarms(name, { signal: stop.signal, ...(after === undefined ? {} : { after }) }))
    if (!process.stdout.write(`${JSON.stringify(alarm)}\n`)) await once(process.stdout, 'drain');
  return { code: 0, json: {}, words: '' };
};
