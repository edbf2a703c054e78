import { once } from 'node:events';
import { ApClient } from '../client/index.js';
import { tlsOf, type CallerOptions } from './ap-caller.js';
import type { Report } from './ap-report.js';

export interface WatchOptions extends CallerOptions {
  readonly after?: string;
}

/** Writes a JSON line for each answer of this AP that has changed, or for all (`reset`), until SIGTERM. @throws ApiRefusal for who may not watch */
export const watchAnswers = async (options: WatchOptions): Promise<Report> => {
  const stop = new AbortController();
  const end = (): void => stop.abort();
  process.once('SIGTERM', end).once('SIGINT', end);
  const client = new ApClient({ url: options.url, ...tlsOf(options) });
  try {
    const { signal } = stop;
    for await (const invalidation of client.watch({ signal, ...(options.after === undefined ? {} : { after: options.after }) }))
      if (!process.stdout.write(`${JSON.stringify(invalidation)}\n`)) await once(process.stdout, 'drain');
  } finally {
    process.off('SIGTERM', end).off('SIGINT', end);
    client.close();
  }
  return { code: 0, json: null, words: '' };
};
