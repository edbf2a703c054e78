import { erasureMark } from './order.js';
import { settle } from './settle.js';
import { NO_KEY, type Subject } from './subject.js';

/**
 * What is left of a subject that is forgotten on request: what keeps an old credential or PASSporT from coming back to life, and whose the number is. No
 * mapping, no preference, no provider; no key. The fence stays as it is: the number has not changed hands. What providers of numbers said of ports
 * stays too; what was pending under a port falls.
 * @param index of the leaf that says so
 * @param time ms
 */
export const erase = (before: Subject, index: number, time: number): Subject => {
  const { fence, quarantined, record, port, halves } = settle(before, time);
  return {
    keySlot: NO_KEY,
    mappings: [],
    fence,
    quarantined,
    order: [erasureMark(before, time)],
    preference: null,
    record,
    port: port === null ? null : { ...port, pending: [] },
    halves,
    leafIndex: index,
  };
};
