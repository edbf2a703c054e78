import { Refusal } from '../reasons/index.js';
import type { Certificate } from './certificate.js';
import type { Crl } from './crl.js';
import type { Budget, CrlSet } from './crl-set.js';
import { KEY_USAGE } from './extension-values.js';
import { isKeyAllowed, type PathRules } from './path-rules.js';
import { judgePath, type JudgedPath } from './path.js';

/** Certificates between a CRL's signer and its anchor; a signer further down than that speaks for nobody here. */
const MAX_SIGNER_PATH = 4;
/** Judgements kept per signer: a signer serves few paths of CAs. */
const MAX_KEPT = 16;

export interface SignerContext {
  /** The judged path, end-entity first, anchor last. */
  readonly chain: readonly Certificate[];
  readonly set: CrlSet;
  readonly rules: PathRules;
  /** Seconds since 1970. */
  readonly second: number;
  readonly budget: Budget;
}

const mayHaveSigned = (signer: Certificate, crl: Crl): boolean => {
  if (!signer.subject.equals(crl.issuer)) return false;
  const { authorityKeyIdentifier } = crl;
  const { subjectKeyIdentifier } = signer;
  if (authorityKeyIdentifier === null || subjectKeyIdentifier === null) return true;
  return Buffer.compare(authorityKeyIdentifier, subjectKeyIdentifier) === 0;
};

/** RFC 5280 section 6.3.3 (f): a keyUsage that is there must say cRLSign. */
const mayBeAsked = ({ keyUsage }: Certificate): boolean => keyUsage === null || (keyUsage.bits & KEY_USAGE.cRLSign) !== 0;
export const saysCrlSign = ({ keyUsage }: Certificate): boolean => keyUsage !== null && (keyUsage.bits & KEY_USAGE.cRLSign) !== 0;

/** Whether name, key identifier and usage let it be the signer; its signature is another matter. */
export const couldHaveSigned = (signer: Certificate, crl: Crl): boolean => mayBeAsked(signer) && mayHaveSigned(signer, crl);

const signs = (signer: Certificate, crl: Crl, { set, budget }: SignerContext): boolean => {
  budget.tries -= 1;
  if (budget.tries < 0) return false;
  return mayHaveSigned(signer, crl) && set.signatureHolds(crl, signer, budget);
};

/** The certificates above `position` that signed the CRL: the issuer, the anchor, or a CA between them. */
export const signerOnPath = (crl: Crl, position: number, context: SignerContext): Certificate | null =>
  context.chain.slice(position + 1).find((signer) => mayBeAsked(signer) && signs(signer, crl, context)) ?? null;

/** None once the budget is spent: a thousand anchors need not be looked at to find that out. */
const anchorsLeft = ({ set, budget }: SignerContext): readonly Certificate[] => (budget.tries < 0 ? [] : set.anchors);

/** Anchors for CRLs are not judged by a path: times, key and usage are looked at here. */
export const signerAmongAnchors = (crl: Crl, context: SignerContext): Certificate | null =>
  anchorsLeft(context).find(
    (anchor) =>
      anchor.notBefore <= context.second &&
      context.second <= anchor.notAfter &&
      mayBeAsked(anchor) &&
      isKeyAllowed(anchor.publicKey, context.rules, false) &&
      signs(anchor, crl, context),
  ) ?? null;

/** Certificates handed in that signed the CRL and say cRLSign; each must still be judged. */
export const signersHandedIn = (crl: Crl, context: SignerContext): Certificate[] =>
  context.set.signersNamed(crl.issuer).filter((signer) => saysCrlSign(signer) && signs(signer, crl, context));

/** A judged path of a CRL's signer. */
export interface SignerPath {
  readonly judged: JudgedPath;
  /** Whether it ends in an anchor for CRLs, and not in the anchor of the path in question. */
  readonly underCrlAnchor: boolean;
}

interface Kept {
  readonly chain: readonly Certificate[];
  readonly position: number;
  readonly path: SignerPath;
}

const kept = new WeakMap<CrlSet, WeakMap<Certificate, Kept[]>>();

const keptFor = (set: CrlSet, signer: Certificate): Kept[] => {
  let ofSet = kept.get(set);
  if (ofSet === undefined) {
    ofSet = new WeakMap();
    kept.set(set, ofSet);
  }
  let list = ofSet.get(signer);
  if (list === undefined) {
    list = [];
    ofSet.set(signer, list);
  }
  return list;
};

/** The end-entity of the chain plays no part: it may sign nothing. */
const sameAuthorities = (a: readonly Certificate[], b: readonly Certificate[]): boolean =>
  a.length === b.length && a.every((certificate, i) => i === 0 || certificate === b[i]);

/** A signer need not be an end-entity, and its key need not be one that signs PASSporTs. */
export const signerRules = (rules: PathRules): PathRules => ({ ...rules, caEndEntity: true, endEntityCurves: rules.curves });

/**
 * Every way from the signer up to an anchor, shortest first at each step. Of the path in question only what is above the certificate in question is gone
 * through: a CA never vouches for who says whether it is revoked itself.
 */
function* waysUp(
  way: readonly Certificate[],
  position: number,
  context: SignerContext,
): Generator<{ way: readonly Certificate[]; anchor: Certificate; underCrlAnchor: boolean }> {
  const { chain, set, budget } = context;
  const last = way.at(-1);
  const anchor = chain.at(-1);
  budget.tries -= 1;
  if (last === undefined || anchor === undefined || budget.tries < 0) return;
  const isVouchedFor = !way.slice(1).some((authority) => set.isOffered(authority));
  if (isVouchedFor && last.issuer.equals(anchor.subject)) yield { way, anchor, underCrlAnchor: false };
  for (const crlAnchor of set.anchors) if (last.issuer.equals(crlAnchor.subject)) yield { way, anchor: crlAnchor, underCrlAnchor: true };
  if (way.length >= MAX_SIGNER_PATH) return;
  const above = chain.slice(position + 1, -1).filter(({ subject }) => subject.equals(last.issuer));
  const authorities = [...above, ...set.signersNamed(last.issuer)];
  for (const authority of authorities) {
    if (!way.some((seen) => Buffer.compare(seen.der, authority.der) === 0)) yield* waysUp([...way, authority], position, context);
  }
}

const holdsAt = ({ judged }: SignerPath, second: number): boolean => judged.from <= second && second <= judged.until;

/**
 * Judges the signer of a CRL about the certificate at that position like a path, to the path's own anchor or to one for CRLs (profiles, "Revocation"); null when no way up holds.
 * What holds is kept with the set, for as long as its certificates are valid.
 */
export const judgeSigner = (signer: Certificate, position: number, context: SignerContext): SignerPath | null => {
  const list = keptFor(context.set, signer);
  const known = list.find(
    ({ chain, position: of, path }) => of === position && sameAuthorities(chain, context.chain) && holdsAt(path, context.second),
  );
  if (known !== undefined) return known.path;
  const rules = signerRules(context.rules);
  for (const { way, anchor, underCrlAnchor } of waysUp([signer], position, context)) {
    context.budget.signatures -= way.length;
    if (context.budget.signatures < 0) return null;
    try {
      const path = {
        judged: judgePath({ path: way, anchors: [anchor], at: context.second * 1000, rules, budget: context.budget.paths }),
        underCrlAnchor,
      };
      list.push({ chain: context.chain, position, path });
      if (list.length > MAX_KEPT) list.shift();
      return path;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
  }
  return null;
};
