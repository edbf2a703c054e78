import type { AcmeServer } from '../../issuance/acme/index.js';
import type { AttestationDesk } from '../../issuance/attestation/index.js';
import type { Publication } from '../../issuance/index.js';
import type { CommonSite } from '../site.js';

/** What the routes of a provider's server share. */
export interface ProviderSite extends CommonSite {
  /** What keeps the desk from issuing now, in words for operators; none: it can. */
  readonly problems: () => readonly string[];
  /** CRLs and paths that everybody may have. */
  readonly publications: () => Promise<readonly Publication[]>;
  /** Null: the desk issues by command alone. */
  readonly acme: AcmeServer | null;
  /** Null: the desk attests nothing. */
  readonly attestation: AttestationDesk | null;
}
