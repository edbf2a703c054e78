import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createClient } from 'redis';

export interface RedisServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Buckets as compact lists, as server-settings.ts asks for; nothing on disk, since the log is the truth. */
const SETTINGS = {
  'hash-max-listpack-entries': '512',
  'hash-max-listpack-value': '128',
  'maxmemory-policy': 'noeviction',
  save: '',
  appendonly: 'no',
  bind: '127.0.0.1',
} as const;

/** A Redis of its own on a free port; null where there is none on this machine. */
export const startRedis = async (): Promise<RedisServer | null> => {
  const directory = await mkdtemp(join(tmpdir(), 'signpost-redis-'));
  const port = await freePort();
  const settings = Object.entries(SETTINGS).flatMap(([name, value]) => [`--${name}`, value]);
  const child = spawn('redis-server', ['--port', String(port), '--dir', directory, ...settings], { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = new Promise<false>((resolve) => {
    child.once('error', () => resolve(false));
    child.once('exit', () => resolve(false));
  });
  const ready = new Promise<true>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => line.includes('Ready to accept connections') && resolve(true));
  });
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  if (!(await Promise.race([ready, ended]))) {
    await remove();
    return null;
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
      await remove();
    },
  };
};

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

export const usedMemory = async (url: string): Promise<number> => {
  const client = await createClient({ url }).connect();
  try {
    const info = await client.info('memory');
    return Number(/^used_memory:(\d+)/m.exec(info)?.[1] ?? Number.NaN);
  } finally {
    client.destroy();
  }
};
