import type { Witness } from '../../gateway/witness.js';
import type { CommonSite } from '../site.js';

/** What the routes of a witness share. */
export interface WitnessSite extends CommonSite {
  readonly witness: Pick<Witness, 'add' | 'checkpoint' | 'origins'>;
}
