import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { Command, CommanderError } from 'commander';
import { ConfigurationProblems } from '../adapters/configuration/index.js';
import { Signals, exitNow, guardProcess, openLog, sayWhy } from './process-life.js';
import { LEVELS, parseLevel, parsePort } from './serve-options.js';

interface Options {
  readonly data: string;
  readonly name: string;
  readonly log?: readonly string[];
  readonly config?: string;
  readonly tlsCert: string;
  readonly tlsKey: string;
  readonly host: string;
  readonly port: number;
  readonly logLevel: string;
  readonly printReady?: true;
  readonly json?: true;
}

const command = (): Command =>
  new Command('signpost witness')
    .description(
      'Run a C2SP tlog-witness: cosign the checkpoints of the logs that are named, each continuing what was cosigned before. SIGTERM drains and exits.',
    )
    .requiredOption('--data <dir>', 'its key, and the checkpoint that was cosigned last of each log; never restore it from a backup')
    .option('--name <name>', 'name of its key, such as witness.example/w1; the same at every start', `${hostname()}/witness`)
    .option('--log <vkey...>', "a log's verifier key, as /.well-known/mimi-discovery gives it; repeatable")
    .option('--config <file>', 'a file of verifier keys of logs, one a line; "#" begins a comment')
    .requiredOption('--tls-cert <file>', 'PEM of the certificate chain of its server')
    .requiredOption('--tls-key <file>', 'PEM of its key')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <port>', 'port; 0: the system chooses', parsePort, 8446)
    .option('--log-level <level>', LEVELS.join(', '), parseLevel, 'info')
    .option('--print-ready', 'print one JSON line to standard output once the witness is ready')
    .option('--json', 'the same as --print-ready')
    .configureOutput({ writeErr: (text) => process.stderr.write(`${JSON.stringify({ level: 50, msg: text.trim() })}\n`) })
    .exitOverride();

const logsOf = async ({ log = [], config }: Options): Promise<string[]> => {
  if (config === undefined) return [...log];
  const text = await readFile(config, 'utf8').catch(() => {
    throw new ConfigurationProblems([`${config}: cannot be read: check the path`]);
  });
  const lines = text.split('\n').map((line) => line.replace(/#.*/, '').trim());
  return [...log, ...lines.filter((line) => line !== '')];
};

/** `signpost witness`: runs until it is told to stop. 0 stopped in order, 1 stopped by a fault or a second signal, 2 could not be started. */
export const run = async (argv: string[]): Promise<number> => {
  let options: Options;
  try {
    options = command().parse(argv, { from: 'user' }).opts<Options>();
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
  const log = openLog(options.logLevel);
  guardProcess(log);
  const signals = new Signals();
  try {
    const { startWitness } = await import('../witness.js');
    const { data: dataDir, name, tlsCert, tlsKey, host, port } = options;
    const handle = await startWitness({ dataDir, name, logs: await logsOf(options), tlsCert, tlsKey, host, port, log });
    const { url, vkey } = handle;
    if (options.printReady === true || options.json === true) process.stdout.write(`${JSON.stringify({ ready: true, url, vkey })}\n`);
    await signals.stop;
    signals.onStop(() => exitNow(log, 'a second signal'));
    await handle.stop();
    return 0;
  } catch (error) {
    sayWhy(error, log);
    return 2;
  }
};
