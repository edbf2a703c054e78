import { Refusal } from '../../reasons/index.js';
import {
  KEY_USAGE,
  OID,
  STIR_RULES,
  judgePath,
  parsePath,
  readRevocation,
  type Certificate,
  type CrlSet,
  type JudgedPath,
  type PathRules,
} from '../../x509/index.js';
import { invalid } from './form.js';

/** A pinned root may sign a list itself: it is a CA then, and stands where an end-entity would. */
export const ROOT_RULES: PathRules = { ...STIR_RULES, caEndEntity: true, endEntityCurves: STIR_RULES.curves };

export interface SignerInput {
  /** DER, end-entity first, the root last or absent. */
  readonly chain: readonly Uint8Array[];
  /** The only certificates that a list's signer may end in; never anchors of PASSporTs. */
  readonly roots: readonly Certificate[];
  /** CRLs at hand: a signer that one of them lists signs nothing. That none speaks of it is no fault (profiles, "Revocation"). */
  readonly crls: CrlSet | null;
  /** ms since 1970. */
  readonly at: number;
}

/**
 * Judges who signed a list, by the rules of every other path: no path building, no in-band roots. Proves that a pinned root vouches for the key now.
 * @throws Refusal `trust-list-invalid` with the reason of the path as its detail
 */
export const judgeListSigner = ({ chain, roots, crls, at }: SignerInput): JudgedPath => {
  let judged: JudgedPath;
  try {
    const path = parsePath(chain, STIR_RULES);
    const isRootItself = path.length === 1 && roots.some(({ der }) => Buffer.compare(der, path[0]?.der ?? Buffer.alloc(0)) === 0);
    judged = judgePath({ path, anchors: roots, at, rules: isRootItself ? ROOT_RULES : STIR_RULES });
    if (crls !== null && isRevoked(judged, crls, at)) return invalid('signer: cert-revoked');
  } catch (error) {
    if (error instanceof Refusal && error.reason !== 'trust-list-invalid') return invalid(`signer: ${error.reason}`);
    throw error;
  }
  checkListUsage(judged.endEntity);
  return judged;
};

const isRevoked = (judged: JudgedPath, crls: CrlSet, at: number): boolean => {
  const found = readRevocation({
    path: judged.certificates,
    crls,
    rules: STIR_RULES,
    at,
    mode: 'when-named',
    crlAnchorsServePoints: true,
  });
  return 'reason' in found && found.reason === 'cert-revoked';
};

/** RFC 5280 section 4.2.1.3: what signs data says so; a certificate for TLS servers and the like does not sign lists (section 4.2.1.12). @throws Refusal `trust-list-invalid` */
export const checkListUsage = (signer: Certificate): void => {
  if (!signer.isCritical(OID.keyUsage) || ((signer.keyUsage?.bits ?? 0) & KEY_USAGE.digitalSignature) === 0)
    invalid('signer: bad-key-usage');
  if (signer.extKeyUsage !== null) invalid('signer: bad-eku');
};
