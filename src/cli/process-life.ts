import { destination, pino, stdTimeFunctions, type Logger } from 'pino';
import { ConfigurationProblems } from '../adapters/configuration/index.js';
import { describeFault } from '../http/index.js';

/** After a fault nobody foresaw, what is in memory is not to be trusted: no more than the log line is done. */
const FAULT_EXIT = 1;

/** CONTRACT section 3: every line on either stream is one JSON object. */
export const openLog = (logLevel: string): Logger => {
  process.removeAllListeners('warning');
  return pino({ level: logLevel, base: null, timestamp: stdTimeFunctions.isoTime }, destination({ fd: 2, sync: true }));
};

/** Standards: redis 6: never continue after a fault that nobody caught. */
export const guardProcess = (log: Logger): void => {
  process.on('warning', (warning) => log.warn({ fault: describeFault(warning) }, 'warning'));
  const end = (error: unknown): void => {
    log.fatal({ fault: describeFault(error) }, 'fault');
    process.exit(FAULT_EXIT);
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
};

export const exitNow = (log: Logger, why: string): void => {
  log.warn({ why }, 'stopped before everything was finished');
  process.exit(FAULT_EXIT);
};

export const sayWhy = (error: unknown, log: Logger): void => {
  if (error instanceof ConfigurationProblems) for (const problem of error.problems) log.error({ problem }, 'cannot start');
  else log.error({ fault: describeFault(error) }, 'cannot start');
};

/** Signals may come at any time, before there is anything to stop too. */
export class Signals {
  readonly stop: Promise<void>;
  stopping = false;
  #again: () => void = () => undefined;
  #reload: () => Promise<void> = () => Promise.resolve();
  #reloading: Promise<void> = Promise.resolve();

  constructor() {
    this.stop = new Promise((resolve) => {
      const onSignal = (): void => {
        if (this.stopping) this.#again();
        this.stopping = true;
        resolve();
      };
      process.on('SIGTERM', onSignal);
      process.on('SIGINT', onSignal);
    });
    process.on('SIGHUP', () => {
      this.#reloading = this.#reloading.then(() => this.#reload());
    });
  }

  /** What a signal after the first does. */
  onStop(again: () => void): void {
    this.#again = again;
  }

  /** Reloads take turns. */
  onReload(task: () => Promise<void>): void {
    this.#reload = task;
  }
}
