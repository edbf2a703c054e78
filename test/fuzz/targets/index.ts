import type { Target } from '../target.js';
import { ACME } from './acme.js';
import { ATTESTATION } from './attestation.js';
import { ENCODINGS } from './encodings.js';
import { LINES } from './lines.js';
import { LOG_TARGETS } from './log.js';
import { PASSPORTS } from './passports.js';
import { STORAGE } from './storage.js';
import { TEXTS } from './texts.js';
import { X509 } from './x509.js';

/** Every entrance, in the groups that the suite runs side by side. */
export const GROUPS: Readonly<Record<string, readonly Target[]>> = {
  encodings: ENCODINGS,
  x509: X509,
  passports: PASSPORTS,
  log: LOG_TARGETS,
  storage: STORAGE,
  texts: TEXTS,
  lines: LINES,
  acme: ACME,
  attestation: ATTESTATION,
};

export const TARGETS: readonly Target[] = Object.values(GROUPS).flat();
