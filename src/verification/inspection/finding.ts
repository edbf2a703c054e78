import type { JsonValue } from '../../encoding/index.js';
import { FINDINGS, REASONS, Refusal, isFinding, type FindingCode, type Reason } from '../../reasons/index.js';
import type { TnEntry } from '../../x509/index.js';

/** error: a verifier of the profile refuses it. warning: a breach that the field commits and verifiers bear. notice: worth knowing. */
export type Severity = 'error' | 'warning' | 'notice';

export interface Finding {
  /** A reason code where it refuses, else the code of a row of the table of findings. */
  readonly code: Reason | FindingCode;
  readonly severity: Severity;
  readonly clause: string;
  /** Where and what, as one sentence. */
  readonly detail: string;
  readonly advice: string;
  /** Of several certificates or CRLs the one that it is said of, as `detail` names it; null: of the whole. */
  readonly place: string | null;
}

export type InspectedKind =
  'certificate' | 'chain' | 'crl' | 'csr' | 'tn-auth-list' | 'trust-list' | 'passport' | 'receipt' | 'checkpoint' | 'note' | 'proof';

/** What something is, whether it is well-formed, and what is wrong about it. It proves nothing: no anchor, no status, no numbering data are asked. */
export interface Inspection {
  /** False only for what is malformed, or larger than anything that is read; a breach of a profile is a finding. */
  readonly ok: boolean;
  readonly kind: InspectedKind | null;
  readonly reason: Reason | null;
  readonly tnAuthList: readonly TnEntry[] | null;
  readonly findings: readonly Finding[];
  /** What it holds, for people; not part of the line protocol. */
  readonly facts: Readonly<Record<string, JsonValue>>;
}

const rowOf = (code: Reason | FindingCode): { readonly clause: string; readonly title: string; readonly advice: string } =>
  isFinding(code) ? FINDINGS[code] : REASONS[code];

/** Gathers what is wrong, in the order in which it is found. */
export class Findings {
  readonly list: Finding[];
  readonly #place: string | null;

  private constructor(list: Finding[], place: string | null) {
    this.list = list;
    this.#place = place;
  }

  static empty(): Findings {
    return new Findings([], null);
  }

  /** The same gathering, of what is said of one place, such as "certificate 1". */
  at(place: string): Findings {
    return new Findings(this.list, place);
  }

  /** Whether this was said of this place already. */
  has(code: Reason | FindingCode): boolean {
    return this.list.some((finding) => finding.code === code && finding.place === this.#place);
  }

  /** What refuses, or is worth knowing under its reason's name. */
  reason(severity: Severity, reason: Reason, detail = ''): void {
    this.#add(severity, reason, detail);
  }

  /** A row of the table of findings. */
  found(code: FindingCode, detail = ''): void {
    this.#add(FINDINGS[code].severity, code, detail);
  }

  /** Runs a check of the verifier's; what it refuses with is an error. True when it passed. */
  attempt(check: () => unknown): boolean {
    const refusal = refusalOf(check);
    if (refusal !== null) this.#add('error', refusal.reason, refusal.detail ?? '');
    return refusal === null;
  }

  /** The same, but for reasons that were said of this place already: one defect, one finding. */
  attemptOnce(check: () => unknown): void {
    const refusal = refusalOf(check);
    if (refusal !== null && !this.has(refusal.reason)) this.#add('error', refusal.reason, refusal.detail ?? '');
  }

  #add(severity: Severity, code: Reason | FindingCode, detail: string): void {
    const { clause, title, advice } = rowOf(code);
    const place = this.#place;
    const sentence = detail === '' ? title : `${title}: ${detail}`;
    this.list.push({ code, severity, clause, detail: place === null ? sentence : `${place}: ${sentence}`, advice, place });
  }
}

/** Null when the check passes. A fault that is no Refusal passes through. */
export const refusalOf = (check: () => unknown): Refusal | null => {
  try {
    check();
    return null;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
};

/** `problem`: what of it, in a few words for people. */
export const malformed = (kind: InspectedKind | null, reason: Reason, problem?: string): Inspection => ({
  ok: false,
  kind,
  reason,
  tnAuthList: null,
  findings: [],
  facts: problem === undefined ? {} : { problem },
});
