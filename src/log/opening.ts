import { refuse } from '../reasons/index.js';
import { commitCase, commitFingerprint, commitList, commitMapping, commitSii } from './commitment.js';
import { digestOfPlaces, packPlaces } from './fell-list.js';
import type { LeafFields } from './leaf.js';
import { sha256Base64url } from './sha256.js';

/** Of an accepted or refused PASSporT, or a withdrawal by connection. */
export interface DecisionOpening {
  readonly kind: 'accept' | 'reject';
  /** The secret under which the leaf's commitments verify: 32 octets in base64url, as all octets here. */
  readonly opening: string;
  /** Null where it could not be read, or the action has none. */
  readonly sii: string | null;
  readonly ssi: string | null;
  /** As committed to beside the SSI; null of a refusal. */
  readonly provider: string | null;
  /** SHA-256 of the certificates of the signer's path, end-entity first; empty where the seal has none. */
  readonly fingerprints: readonly string[];
  /** What it was decided from (docs/adr/0020), where that is kept. */
  readonly evidence?: OpenedEvidence | undefined;
}

/** The members that are compared with the leaf; the others are for who judges again. */
export interface OpenedEvidence {
  /** The compact PASSporT; absent of a withdrawal by connection. */
  readonly passport?: string | undefined;
  readonly [member: string]: unknown;
}

/** Of what fell. */
export interface ListOpening {
  readonly kind: 'revoke' | 'expire';
  readonly opening: string;
  /** The leaf that registered each mapping, and the store key of its SII, in the order of the list. */
  readonly list: readonly { readonly logIndex: number; readonly subject: string }[];
}

/** Of what an auditor or operator did. */
export interface CaseOpening {
  readonly kind: 'open' | 'erase';
  readonly opening: string;
  readonly case: string;
}

/** What an entry commits to, as it was sealed beside it. */
export type Opening = DecisionOpening | ListOpening | CaseOpening;

const octets = (text: string): Buffer => Buffer.from(text, 'base64url');

/**
 * Proves that this is what the leaf commits to: SII, mapping, certificates that it does not show, PASSporT, list or case. Not proven: that the log has the leaf (an
 * inclusion proof does), and of a refusal whose certificates they were, where no fingerprints were sealed.
 * @throws Refusal `opening-mismatch` naming the member that commits to something else
 */
export const verifyOpening = (leaf: LeafFields, opened: Opening): true => {
  if (leaf.k !== opened.kind) return refuse('opening-mismatch', 'k');
  const secret = octets(opened.opening);
  if (secret.length !== 32) return refuse('opening-mismatch', 'opening');
  if ('case' in opened) return verifyCase(leaf, secret, opened);
  return 'list' in opened ? verifyList(leaf, secret, opened) : verifyDecision(leaf, secret, opened);
};

const verifyDecision = (leaf: LeafFields, secret: Buffer, { sii, ssi, provider, fingerprints, evidence }: DecisionOpening): true => {
  const passport = evidence?.passport;
  // A leaf without a digest is of a PASSporT that could not be read as far as that.
  if (passport !== undefined && leaf.tok !== null && leaf.tok !== sha256Base64url(Buffer.from(passport)))
    return refuse('opening-mismatch', 'tok');
  if (leaf.sii !== (sii === null ? null : commitSii(secret, sii))) return refuse('opening-mismatch', 'sii');
  if (leaf.map !== (ssi === null ? null : commitMapping(secret, ssi, provider ?? ''))) return refuse('opening-mismatch', 'map');
  if (fingerprints.length === 0 && (leaf.np === null || leaf.k === 'reject')) return true;
  const shown = leaf.np === null ? [] : [leaf.np.ee, ...leaf.np.iss];
  const holds = fingerprints.every((print, i) => isShown(shown[i], secret, print));
  return shown.length === fingerprints.length && holds ? true : refuse('opening-mismatch', 'np');
};

const isShown = (shown: string | undefined, secret: Buffer, print: string): boolean =>
  shown === print || shown === `*${commitFingerprint(secret, octets(print))}`;

/** The packed form has six octets for an index and sixteen for a store key: what does not fit would be cut, and then taken for proven. */
const fitsPlace = ({ logIndex, subject }: ListOpening['list'][number]): boolean => logIndex < 2 ** 48 && octets(subject).length === 16;

const verifyList = ({ fell }: LeafFields, secret: Buffer, { list }: ListOpening): true => {
  if (!list.every(fitsPlace)) return refuse('opening-mismatch', 'fell');
  const places = list.map(({ logIndex: index, subject }) => ({ index, id: octets(subject).toString('latin1') }));
  const holds = fell?.n === list.length && fell.list === commitList(secret, digestOfPlaces(packPlaces(places)));
  return holds ? true : refuse('opening-mismatch', 'fell');
};

const verifyCase = ({ opened, erased }: LeafFields, secret: Buffer, { case: caseId }: CaseOpening): true =>
  (opened ?? erased)?.case === commitCase(secret, caseId) ? true : refuse('opening-mismatch', 'case');
