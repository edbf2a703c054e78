import type { Logger } from 'pino';
import type { CrlReport } from './crl-keeper.js';

/** Tells operators what became of a CRL: a refused one is an alarm, for somebody offers what must not count. */
export const reportCrl = (log: Logger, { isAlarming, ...facts }: CrlReport): void => {
  if (isAlarming) log.error(facts, 'CRL refused: the last good one stays until it runs out');
  else if (facts.outcome === 'new') log.info(facts, 'CRL in force');
  else log.warn(facts, 'CRL not fetched: the last good one stays until it runs out');
};
