import type { FindingRow, OffProfileRow } from './finding-row.js';
import { REMARK_FINDINGS } from './remark-findings.js';
import { SHAKEN_FINDINGS } from './shaken-findings.js';
import { TRUST_FINDINGS } from './trust-findings.js';

/** What may be off about the certificates of an accepted path. */
export const OFF_PROFILE = { ...TRUST_FINDINGS, ...SHAKEN_FINDINGS } as const satisfies Record<string, OffProfileRow>;

export type OffProfile = keyof typeof OFF_PROFILE;

/**
 * The table of findings: everything that is worth saying of a certificate and no reason to refuse it, once. No code is a reason code as well.
 * A code that was released is never renamed or given another meaning.
 */
export const FINDINGS = { ...OFF_PROFILE, ...REMARK_FINDINGS } as const satisfies Record<string, FindingRow>;

export type FindingCode = keyof typeof FINDINGS;

export const isFinding = (code: string): code is FindingCode => Object.hasOwn(FINDINGS, code);

export const isOffProfile = (code: string): code is OffProfile => Object.hasOwn(OFF_PROFILE, code);
