import { CRL_LINES } from './crls.js';
import type { HostileLine } from './line.js';
import { PASSPORT_LINES } from './passports.js';
import { PATH_LINES } from './paths.js';
import { INSPECT_LINES, JSON_LINES } from './texts.js';

/** By what is dear in them. */
export const HOSTILE_SETS: Readonly<Record<string, readonly HostileLine[]>> = {
  'a path': PATH_LINES,
  'a path with CRLs': CRL_LINES,
  'a PASSporT': PASSPORT_LINES,
  JSON: JSON_LINES,
  'what is inspected': INSPECT_LINES,
};

export const HOSTILE_LINES: readonly HostileLine[] = Object.values(HOSTILE_SETS).flat();
