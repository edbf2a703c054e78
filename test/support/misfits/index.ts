import { CONSTRAINT_MISFITS, LIST_MISFITS, SCOPE_MISFITS } from './authority-misfits.js';
import { CERTIFICATE_MISFITS } from './certificate-misfits.js';
import { FIELD_MISFITS } from './field-misfits.js';
import { MAIL_MISFITS } from './mail-misfits.js';
import type { Misfit } from './misfit.js';
import { PATH_MISFITS } from './path-misfits.js';
import { REVOCATION_MISFITS } from './revocation-misfits.js';

/** The CA of misfits: every wrong certificate, path and CRL that a verifier must refuse, each named by its one defect. */
export const MISFITS: readonly Misfit[] = [
  ...CERTIFICATE_MISFITS,
  ...PATH_MISFITS,
  ...LIST_MISFITS,
  ...SCOPE_MISFITS,
  ...CONSTRAINT_MISFITS,
  ...MAIL_MISFITS,
  ...REVOCATION_MISFITS,
  ...FIELD_MISFITS,
];

export * as fitting from './fitting.js';
export { OFF_PROFILE_CASES, strict, type OffProfileCase } from './off-profile.js';
export { DAY, NOW } from './link.js';
export type { Misfit } from './misfit.js';
export { lineOf, type PathLine, type Scene } from './scene.js';
export { PASSPORT_MISFITS, type PassportLine, type PassportMisfit } from './passport-misfits.js';
