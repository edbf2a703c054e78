import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** Whether the machine has a redis-server. Without one its tests are left out, loudly; SIGNPOST_REQUIRE=redis makes that a failure. */
export const hasRedis = ((): boolean => {
  if (spawnSync('redis-server', ['--version']).status === 0) return true;
  if ((process.env['SIGNPOST_REQUIRE'] ?? '').split(',').includes('redis'))
    throw new Error('SIGNPOST_REQUIRE names redis, and there is no redis-server');
  process.stderr.write('LEFT OUT: no redis-server on this machine, so nothing is tested against Redis\n');
  return false;
})();

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.once('data', (reply) => {
      socket.destroy();
      // A server that is still loading its file answers -LOADING; one that wants a password -NOAUTH.
      resolve(/^(\+PONG|-NOAUTH)/.test(reply.toString()));
    });
    socket.once('error', () => resolve(false));
  });

/** A real redis-server in a folder of its own, on a port that the system chose. */
export class RedisServer {
  readonly port: number;
  readonly directory: string;
  private readonly settings: readonly string[];
  private child: ChildProcess | null = null;

  private constructor(port: number, settings: readonly string[]) {
    this.port = port;
    this.settings = settings;
    this.directory = mkdtempSync(join(tmpdir(), 'signpost-redis-'));
  }

  /** `settings` as on redis-server's command line. */
  static async start(...settings: readonly string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), settings);
    await server.restart();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts again what was killed, and waits until it answers. */
  async restart(): Promise<void> {
    const compact = ['--hash-max-listpack-entries', '256', '--hash-max-listpack-value', '128'];
    const place = ['--bind', '127.0.0.1', '--port', String(this.port), '--dir', this.directory, '--save', ''];
    const child = spawn('redis-server', [...place, ...compact, ...this.settings], { stdio: 'ignore' });
    this.child = child;
    while (!(await answers(this.port))) {
      if (child.exitCode !== null) throw new Error('redis-server did not start');
      await wait(2);
    }
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.child?.kill(name);
  }

  /** kill -9. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = null;
    if (child === null || child.exitCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
