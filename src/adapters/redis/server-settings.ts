import type { RedisConnection } from './connection.js';

/** What a bucket needs to stay one compact list: entries well above the mean of 64, values above a subject of one or two mappings. */
const COMPACT = { 'hash-max-listpack-entries': 256, 'hash-max-listpack-value': 128 } as const;

const infoField = (info: string, name: string): string | undefined => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];

/** Why the server cannot keep a promise, in words for operators. Empty: it can. */
export const problemsOf = async (connection: RedisConnection): Promise<string[]> => {
  const info = String(await connection.within(connection.send<Buffer>(['INFO', 'everything'])));
  const problems: string[] = [];
  // An evicted bucket would answer "no mapping" for a mapping that is there.
  if (infoField(info, 'maxmemory_policy') !== 'noeviction') problems.push('Redis: maxmemory-policy is not noeviction');
  if (infoField(info, 'role') !== 'master') problems.push('Redis: the server is a replica');
  if (infoField(info, 'cluster_enabled') !== '0')
    problems.push('Redis: the server runs in cluster mode, which this adapter does not speak');
  return problems;
};

/** What costs memory but no promise. A server that hides its settings is assumed to be well set. */
export const remarksOf = async (connection: RedisConnection): Promise<string[]> => {
  const remarks: string[] = [];
  for (const [name, least] of Object.entries(COMPACT)) {
    const reply = await connection.within(connection.send<Buffer[]>(['CONFIG', 'GET', name])).catch((): Buffer[] => []);
    const value = reply[1];
    if (value !== undefined && Number(value.toString()) < least) {
      remarks.push(`Redis: ${name} is below ${least}: subjects take half as much memory again`);
    }
  }
  return remarks;
};
