import type { Role } from '../../reasons/index.js';
import type { Certificate } from '../../x509/index.js';

/**
 * What breaks one row of the table of findings in a certificate, in a few words, or null. Reads what the path rules have found well-formed; proves
 * nothing.
 */
export type FindingRule = (certificate: Certificate, role: Role) => string | null;

/** A rule that is broken, and what by where the row's title leaves that open. */
export const when = (broken: boolean, detail = ''): string | null => (broken ? detail : null);

export const octetsText = (count: number): string => (count === 1 ? '1 octet' : `${count} octets`);
