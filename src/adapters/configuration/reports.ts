import type { Logger } from 'pino';
import type { ReloadOutcome } from '../../ports/index.js';
import type { Versions } from '../../verification/index.js';
import type { FeedEvent } from './numbering-feeds.js';
import type { TrustListEvent } from './trust-lists.js';

/** What operators are told in the log; names of files and lists, and nothing of what they hold. */
export const reportList =
  (log: Logger) =>
  ({ kind, ...facts }: TrustListEvent): void => {
    if (kind === 'accepted') log.info(facts, 'trust list in force');
    else log.error(facts, 'trust list refused: the last good one stays until it runs out');
  };

export const reportFeed =
  (log: Logger) =>
  ({ kind, ...facts }: FeedEvent): void => {
    if (kind === 'accepted') log.info(facts, 'numbering feed in force');
    else log.error(facts, 'numbering feed refused: the last good one stays until it runs out');
  };

/** Of a reload that nobody asked for. */
export const reportReload = (log: Logger, outcome: ReloadOutcome, versions: Versions): void => {
  if (outcome.ok) log.info({ versions }, 'files changed: reloaded');
  else for (const problem of outcome.problems) log.error({ problem }, 'files changed, and are not reloaded: everything stays as it was');
};
