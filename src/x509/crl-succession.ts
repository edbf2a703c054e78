import { Refusal } from '../reasons/index.js';
import type { Certificate } from './certificate.js';
import { couldHaveSigned, saysCrlSign, signerRules } from './crl-signer.js';
import type { Crl } from './crl.js';
import type { PathRules } from './path-rules.js';
import { judgePath } from './path.js';

/**
 * How a CRL stands to the one kept before it from the same place. RFC 5280 section 5.2.3: numbers of one scope only rise. `ambiguous`: another CRL
 * with neither number nor time later, so which of the two is the latest cannot be told.
 */
export type Succession = 'same' | 'later' | 'rollback' | 'ambiguous' | 'other-scope';

export const successionOf = (next: Crl, kept: Crl): Succession => {
  if (next.digest === kept.digest) return 'same';
  if (next.scope !== kept.scope) return 'other-scope';
  const [number, before] = [next.number ?? -1n, kept.number ?? -1n];
  if (number < before || next.thisUpdate < kept.thisUpdate) return 'rollback';
  return number === before && next.thisUpdate === kept.thisUpdate ? 'ambiguous' : 'later';
};

/** Whose word counts for who signed a CRL that was fetched. */
export interface Vouchers {
  /** Certificates that others have judged already: anchors, CAs of a judged path, signers that an operator named. */
  readonly trusted: readonly Certificate[];
  /** Paths as strangers gave them, the signer first, judged here. */
  readonly chains: readonly (readonly Certificate[])[];
  /** Where those must end. */
  readonly anchors: readonly Certificate[];
  readonly rules: PathRules;
  /** ms since 1970. */
  readonly at: number;
}

const isVouchedFor = (chain: readonly Certificate[], { anchors, rules, at }: Vouchers): boolean => {
  try {
    judgePath({ path: chain, anchors, at, rules: signerRules(rules) });
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
};

const signed = async (crl: Crl, signer: Certificate, pause: () => Promise<unknown>): Promise<boolean> => {
  if (!couldHaveSigned(signer, crl)) return false;
  try {
    return await crl.verifyInSlices(signer.publicKey, pause);
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
};

/** Who signed a CRL. `chain`: as it was given, where it was judged here; empty where the signer was trusted already. */
export interface FoundSigner {
  readonly signer: Certificate;
  readonly chain: readonly Certificate[];
}

/**
 * The certificate that signed a CRL, among those that are vouched for; null when none did. Proves that the CRL is its issuer's, so that it may take the
 * place of an older one; whether it may decide about a certificate is judged with that certificate's path.
 */
export const findCrlSigner = async (crl: Crl, vouchers: Vouchers, pause: () => Promise<unknown>): Promise<FoundSigner | null> => {
  for (const signer of vouchers.trusted) if (await signed(crl, signer, pause)) return { signer, chain: [] };
  for (const chain of vouchers.chains) {
    const [signer] = chain;
    if (signer === undefined || !saysCrlSign(signer) || !isVouchedFor(chain, vouchers)) continue;
    if (await signed(crl, signer, pause)) return { signer, chain };
  }
  return null;
};
