import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface GatewayPlace {
  /** Data directory; the same one starts again where it was. */
  readonly data: string;
  /** PKI directory. */
  readonly pki: string;
  /** Further arguments of `serve`. */
  readonly more?: readonly string[];
}

/** A gateway that runs as a process of its own, as an operator's would, and is spoken to over HTTPS alone. */
export interface RunningGateway {
  readonly url: string;
  readonly logVkey: string;
  readonly receiptVkey: string;
  /** Milliseconds from the start of the process until it was ready. */
  readonly readyAfter: number;
  readonly pid: number;
  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL: no chance to tidy up. */
  kill(): Promise<void>;
}

/** Milliseconds; a start that replays 10^6 records without a snapshot takes minutes, one that fails ends by itself. */
const PATIENCE = 600_000;

/** Where the command line of this build is. */
export const MAIN = fileURLToPath(new URL('./main.js', import.meta.url));

/** Starts `serve --print-ready` and waits for its line (CONTRACT section 3). @throws Error with what it said when it ends before */
export const startGatewayProcess = async (place: GatewayPlace): Promise<RunningGateway> => {
  const since = performance.now();
  const args = ['serve', '--data', place.data, '--pki', place.pki, '--port', '0', '--print-ready', ...(place.more ?? [])];
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const stopWithUs = (): void => void child.kill('SIGKILL');
  // A default SIGINT or SIGTERM would end us without `exit`, and leave the gateway running.
  const interrupted = (): never => process.exit(2);
  process.once('exit', stopWithUs).once('SIGINT', interrupted).once('SIGTERM', interrupted);
  void ended.then(() => process.off('exit', stopWithUs).off('SIGINT', interrupted).off('SIGTERM', interrupted));
  const ready = await readyLine(child, ended);
  return {
    ...ready,
    readyAfter: performance.now() - since,
    pid: child.pid ?? 0,
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
};

type Ready = Pick<RunningGateway, 'url' | 'logVkey' | 'receiptVkey'>;

const readyLine = (child: ChildProcess, ended: Promise<number | null>): Promise<Ready> =>
  new Promise((resolve, reject) => {
    const said: string[] = [];
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
    const keep = (line: string): void => void (said.length < 50 && said.push(line));
    if (child.stdout === null || child.stderr === null) throw new Error('a gateway without output');
    createInterface({ input: child.stderr }).on('line', keep);
    createInterface({ input: child.stdout }).on('line', (line) => {
      const ready = parseReady(line);
      if (ready === null) return keep(line);
      clearTimeout(timer);
      resolve(ready);
    });
    void ended.then((code) => {
      clearTimeout(timer);
      return reject(new Error(`the gateway ended (${code ?? 'killed'}) before it was ready:\n${said.join('\n')}`));
    });
  });

const parseReady = (line: string): Ready | null => {
  if (!line.startsWith('{"ready":true')) return null;
  const { url, logVkey, receiptVkey } = JSON.parse(line) as Ready;
  return { url, logVkey, receiptVkey };
};
