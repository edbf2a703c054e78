import { REASONS } from '../reasons/index.js';

/** One step as the pipeline names it. */
export interface DocumentedStep {
  readonly step: string;
  readonly clause: string;
  readonly reasons: readonly string[];
}

export interface ReasonsDocument {
  readonly steps: readonly DocumentedStep[];
  readonly reasons: ReadonlyArray<{
    readonly reason: string;
    readonly family: string;
    readonly status: number;
    readonly sip: string;
    readonly clause: string;
    readonly title: string;
    readonly advice: string;
  }>;
}

/** Made from the pipeline and the table of reasons, so that it cannot say anything else than they do. */
export const reasonsDocument = (steps: readonly DocumentedStep[]): ReasonsDocument => ({
  steps: steps.map(({ step, clause, reasons }) => ({ step, clause, reasons })),
  reasons: Object.entries(REASONS).map(([reason, row]) => ({
    reason,
    family: row.family,
    status: row.http,
    sip: row.sip,
    clause: row.clause,
    title: row.title,
    advice: row.advice,
  })),
});
