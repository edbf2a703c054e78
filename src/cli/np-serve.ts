import { CommanderError } from 'commander';
import { ConfigurationProblems } from '../adapters/configuration/index.js';
import { DeskFiles } from '../adapters/desk/index.js';
import { passphraseOf } from './np-options.js';
import { serveCommand, type DeskKind, type ServeOptions } from './np-serve-command.js';
import { Signals, exitNow, guardProcess, openLog, sayWhy } from './process-life.js';

/** `np serve` and `ep serve`. 0 stopped in order, 1 stopped by a fault or a second signal, 2 could not be started. */
export const serve = async (kind: DeskKind, argv: string[]): Promise<number> => {
  let options: ServeOptions;
  try {
    options = serveCommand(kind).name(`signpost ${kind} serve`).parse(argv, { from: 'user' }).opts<ServeOptions>();
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
  const log = openLog(options.logLevel);
  guardProcess(log);
  const signals = new Signals();
  try {
    checkKind(kind, options);
    const { startProvider } = await import('../provider.js');
    const { dir: deskDir, tls: tlsDir, host, port, url: publicUrl, terms: termsOfService } = options;
    const handle = await startProvider({
      deskDir,
      tlsDir,
      host,
      port,
      publicUrl,
      termsOfService,
      passphrase: passphraseOf(options),
      anyAp: options.anyAp === true,
      log,
    });
    if (options.printReady === true || options.json === true) process.stdout.write(`${JSON.stringify({ ready: true, url: handle.url })}\n`);
    await signals.stop;
    signals.onStop(() => exitNow(log, 'a second signal'));
    await handle.stop();
    return 0;
  } catch (error) {
    sayWhy(error, log);
    return 2;
  }
};

/** A desk of the other kind is most likely the wrong directory. */
const checkKind = (kind: DeskKind, { dir }: ServeOptions): void => {
  const files = new DeskFiles(dir);
  if (files.exists && files.identity().kind !== kind) throw new ConfigurationProblems([`${dir}: is a desk of the other kind: check --dir`]);
};
