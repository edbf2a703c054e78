import type { Reason } from '../reasons/index.js';
import type { Transition } from './event.js';
import type { Subject } from './subject.js';

export const applied = (subject: Subject): Transition => ({ outcome: 'applied', subject });

export const refused = (reason: Reason, detail: string | null = null): Transition => ({ outcome: 'refused', reason, detail });
