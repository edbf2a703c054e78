import { Unavailable, type Reason } from '../reasons/index.js';
import type { Needs } from './verdict.js';

/** Nothing can be decided without what it names; whoever has it may ask again. */
export class Missing extends Unavailable {
  readonly needs: Needs;

  constructor(reason: Reason, needs: Needs, position: number | null = null, detail?: string) {
    super(reason, detail, position);
    this.needs = needs;
  }
}
