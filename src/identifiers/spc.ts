import { refuse } from '../reasons/index.js';

/** ATIS-1000080 section 6.4.1: capital letters and digits. Twenty is longer than any operator code in use and bounds leaves and keys. */
const SPC = /^[0-9A-Z]{1,20}$/;

export const isSpc = (text: string): boolean => SPC.test(text);

/** A service provider code as claims and numbering data spell it. @throws Refusal `claim-value` */
export const parseSpc = (value: unknown): string => (typeof value === 'string' && isSpc(value) ? value : refuse('claim-value', 'SPC'));
