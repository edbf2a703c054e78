import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import type { Logger } from 'pino';
import type { GatewayHandle } from '../main.js';
import { Signals, exitNow, guardProcess, openLog, sayWhy } from './process-life.js';
import { ensureDevPki, nextCommands } from './serve-first-run.js';
import { LEVELS, parseLevel, parsePort } from './serve-options.js';

interface Options {
  readonly data: string;
  readonly pki: string;
  readonly policies?: string;
  readonly host: string;
  readonly port: number;
  readonly store: string;
  readonly logLevel: string;
  readonly printReady?: true;
  readonly firstRun?: true;
}

const READY_POLL_MS = 50;

const command = (): Command =>
  new Command('signpost serve')
    .description(
      'Run the gateway. SIGHUP reloads policies, trust and TLS files; SIGTERM drains and exits. Its log is JSON lines on standard error.',
    )
    .option('--data <dir>', 'data directory; made at the first start', './data')
    .option('--pki <dir>', 'PKI directory: tls/, and what trust.yaml names (default: <data>/pki)')
    .option('--policies <dir>', 'policy folder (default: <pki>/policies where it exists, else ./policies)')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <port>', 'port; 0: the system chooses', parsePort, 8443)
    .option('--store <store>', 'memory, or redis://host:port', 'memory')
    .option('--log-level <level>', LEVELS.join(', '), parseLevel, 'info')
    .option('--print-ready', 'print one JSON line to standard output once the gateway is ready')
    .option('--first-run', 'make a development PKI where --pki names nothing, and say what to try next')
    .option('--json', 'the same as --print-ready')
    .configureOutput({ writeErr: (text) => process.stderr.write(`${JSON.stringify({ level: 50, msg: text.trim() })}\n`) })
    .exitOverride();

/** `signpost serve`: runs until it is told to stop. 0 stopped in order, 1 stopped by a fault or a second signal, 2 could not be started. */
export const run = async (argv: string[]): Promise<number> => {
  let options: Options;
  try {
    const parsed = command().parse(argv, { from: 'user' }).opts<Omit<Options, 'pki'> & { pki?: string; json?: true }>();
    const pki = parsed.pki ?? join(parsed.data, 'pki');
    options = { ...parsed, pki, ...(parsed.json === true ? { printReady: true } : {}) };
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
  const log = openLog(options.logLevel);
  guardProcess(log);
  const signals = new Signals();
  try {
    const made = options.firstRun === true && ensureDevPki(options.pki);
    const { startGateway } = await import('../main.js');
    const handle = await startGateway({
      dataDir: options.data,
      pkiDir: options.pki,
      policiesDir: options.policies,
      host: options.host,
      port: options.port,
      store: options.store,
      log,
    });
    signals.onReload(() => reload(handle, log));
    await announce(options, handle, made, signals);
    await signals.stop;
    signals.onStop(() => exitNow(log, 'a second signal'));
    await handle.stop();
    return 0;
  } catch (error) {
    sayWhy(error, log);
    return 2;
  }
};

const reload = async (handle: GatewayHandle, log: Logger): Promise<void> => {
  const outcome = await handle.configuration.reload();
  if (outcome.ok) log.info({ versions: handle.configuration.state().versions }, 'reloaded');
  else for (const problem of outcome.problems) log.error({ problem }, 'not reloaded: everything stays as it was');
};

const announce = async (options: Options, handle: GatewayHandle, made: boolean, signals: Signals): Promise<void> => {
  while (!signals.stopping && !(await handle.gateway.readiness()).ready) await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
  if (signals.stopping) return;
  const { url, logVkey, receiptVkey, witnessVkeys } = handle;
  const printLine = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
  if (options.printReady === true) printLine({ ready: true, url, logVkey, receiptVkey, witnessVkeys });
  if (options.firstRun !== true) return;
  const next = nextCommands(options.pki, options.data, url);
  if (options.printReady === true) return printLine({ madePki: made ? options.pki : null, next });
  const commands = next.map((line) => `  ${line}`);
  const pki = made ? `A development PKI was made in ${options.pki}; every key in it is a test key.\n` : '';
  process.stdout.write(
    `${pki}The gateway is ready at ${url}. In another terminal, try next:\n\n${commands.join('\n')}\n\nThe auditor's page: ${url}/audit/\nCtrl-C stops it.\n`,
  );
};
