import type { JsonValue } from '../encoding/index.js';
import type { Reason } from '../reasons/index.js';
import type { Generation } from './generation.js';
import type { Job } from './job.js';
import type { StepName } from './verdict.js';

/** Facts, not booleans: an auditor reads them years later. */
export type Evidence = Readonly<Record<string, JsonValue>>;

/** One rule of the pipeline: what it is, the clause it stands on, and the reasons that it may refuse with. */
export interface Step {
  readonly name: StepName;
  readonly clause: string;
  /** What it asks, in a few words. */
  readonly asks: string;
  readonly refuses: readonly Reason[];
  /** Fills in what it proved, and says it. @throws Refusal one of `refuses` */
  readonly run: (job: Job, under: Generation) => Evidence;
}
