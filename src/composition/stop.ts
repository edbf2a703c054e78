import type { Logger } from 'pino';
import type { RunningGateway, Webhooks } from '../gateway/index.js';
import type { Publication } from '../gateway/publication.js';
import type { SnapshotSaving } from '../gateway/snapshot-saving.js';
import type { HttpServer } from '../http/index.js';
import type { Closers } from './parts.js';

/** CONTRACT section 3: exit within 10 s. A snapshot that is not done by then is given up; the next start replays more. */
const STOP_MS = 9_000;

export interface StopParts {
  readonly server: HttpServer;
  readonly gateway: RunningGateway;
  readonly webhooks: Webhooks;
  readonly publication: Publication;
  readonly snapshots: SnapshotSaving;
  readonly timers: readonly (() => Promise<void>)[];
  readonly closers: Readonly<Closers>;
  readonly log: Logger;
}

export const stop = async ({ server, gateway, webhooks, publication, snapshots, timers, closers, log }: StopParts): Promise<void> => {
  const deadline = new Promise<void>((resolve) => setTimeout(resolve, STOP_MS).unref());
  log.info('draining');
  await server.drain();
  await gateway.drain();
  await webhooks.stop();
  const finish = async (): Promise<void> => {
    for (const end of timers) await end();
    await publication.turn(true);
    await snapshots.stop();
  };
  await Promise.race([finish(), deadline]);
  for (const close of closers.toReversed()) await close();
  log.info({ entries: gateway.logSize }, 'stopped');
};
