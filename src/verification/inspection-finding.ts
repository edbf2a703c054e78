import type { JsonValue } from '../encoding/index.js';
import { REASONS, type Reason } from '../reasons/index.js';
import type { TnEntry } from '../x509/index.js';

/** error: a verifier of the profile refuses it. warning: a breach that the field commits and verifiers bear. notice: worth knowing. */
export type Severity = 'error' | 'warning' | 'notice';

export interface Finding {
  /** A reason code where one fits. */
  readonly code: string;
  readonly severity: Severity;
  readonly clause: string;
  readonly detail: string;
}

export type InspectedKind =
  'certificate' | 'chain' | 'crl' | 'csr' | 'tn-auth-list' | 'passport' | 'receipt' | 'checkpoint' | 'note' | 'proof';

/** What something is, whether it is well-formed, and what is wrong about it. Nothing of it is verified. */
export interface Inspection {
  /** False only for what is malformed; a breach of a profile is a finding. */
  readonly ok: boolean;
  readonly kind: InspectedKind | null;
  readonly reason: Reason | null;
  readonly tnAuthList: readonly TnEntry[] | null;
  readonly findings: readonly Finding[];
  /** What it holds, for people; not part of the line protocol. */
  readonly facts: Readonly<Record<string, JsonValue>>;
}

/** ATIS-1000080 section 6.4.1, as the tables of the SHAKEN certificate policy quote it. */
export const SHAKEN_CLAUSE = 'ATIS-1000080 section 6.4.1';

/** Gathers findings in the order in which they are made. */
export class Findings {
  readonly list: Finding[] = [];

  add(severity: Severity, code: string, clause: string, detail: string): void {
    this.list.push({ code, severity, clause, detail });
  }

  /** A breach that has a reason code, under that reason's clause. */
  reason(severity: Severity, reason: Reason, detail: string): void {
    this.add(severity, reason, REASONS[reason].clause, detail);
  }
}

export const malformed = (kind: InspectedKind | null, reason: Reason): Inspection => ({
  ok: false,
  kind,
  reason,
  tnAuthList: null,
  findings: [],
  facts: {},
});
