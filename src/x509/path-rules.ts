import type { Certificate } from './certificate.js';
import type { Curve, PublicKey } from './public-key.js';
import type { Digest } from './signature-algorithm.js';

/** What one family of profiles allows of certificates on a path. */
export interface PathRules {
  readonly name: 'rfc5280' | 'stir';
  /** Certificates without the anchor. */
  readonly maxCertificates: number;
  /** Octets of one certificate. */
  readonly maxOctets: number;
  readonly curves: readonly Curve[];
  readonly rsa: boolean;
  /** Curves of the end-entity's key. */
  readonly endEntityCurves: readonly Curve[];
  /** Whether the end-entity may be a CA. */
  readonly caEndEntity: boolean;
  /**
   * Whether what RFC 5280 section 4.2 tells conforming CAs binds: nameConstraints, policyConstraints and inhibitAnyPolicy critical, dNSNames in the preferred
   * name syntax. Elsewhere a breach is a finding: such extensions are processed all the same.
   */
  readonly conforming: boolean;
  /** RFC 5280 section 6.1.4 (n): a CA's keyUsage must have keyCertSign if it is there. False: it must be there (RFC 9060 section 4). */
  readonly keyUsageOptional: boolean;
  /** Whether ECDSA may come with NULL parameters, against RFC 5758 section 3.2 (docs/adr/0008). */
  readonly nullEcdsaParameters: boolean;
  /** Names times subtrees that one path may cost: compared before any signature, so anybody can have it spent. */
  readonly comparisons: number;
}

/** standards: profiles, `rfc5280`. 64 KiB: larger than any certificate in use, and small enough that ten of them are judged in time. */
export const RFC5280_RULES: PathRules = {
  name: 'rfc5280',
  maxCertificates: 10,
  maxOctets: 64 * 1024,
  curves: ['P-256', 'P-384', 'P-521'],
  rsa: true,
  endEntityCurves: ['P-256', 'P-384', 'P-521'],
  caEndEntity: true,
  conforming: true,
  keyUsageOptional: true,
  nullEcdsaParameters: false,
  // Some 50 ms, on a line that is judged offline.
  comparisons: 250_000,
};

/** DESIGN section 11 and RFC 8226 section 4: the four trust profiles. */
export const STIR_RULES: PathRules = {
  name: 'stir',
  maxCertificates: 5,
  maxOctets: 8 * 1024,
  curves: ['P-256', 'P-384'],
  rsa: false,
  endEntityCurves: ['P-256'],
  caEndEntity: false,
  conforming: false,
  keyUsageOptional: false,
  nullEcdsaParameters: false,
  // Some 2 ms: an online gateway must not be kept from others by who sends paths that nobody signed. An honest path has a few names.
  comparisons: 20_000,
};

/** The field's SHAKEN certificates: 8 of 16,281 have NULL parameters. */
export const SHAKEN_RULES: PathRules = { ...STIR_RULES, nullEcdsaParameters: true };

/** DESIGN section 11: for one path, all anchors that might fit included. */
export const MAX_SIGNATURE_CHECKS = 64;

/** What judging one path may still cost, whatever the number of anchors that might fit. */
export interface WorkBudget {
  signatures: number;
  /** Names times subtrees. */
  comparisons: number;
  /** Policies and mappings processed: 10,000 take some 30 ms. */
  policies: number;
}

/** No honest path comes near. */
export const newWorkBudget = ({ comparisons }: PathRules): WorkBudget => ({
  signatures: MAX_SIGNATURE_CHECKS,
  comparisons,
  policies: 10_000,
});

/** Anchors with the name and key identifier that the path asks for: a renewed anchor makes two or three of them. */
export const MAX_CANDIDATES = 16;

/** RFC 5758 section 3.2 leaves the pairing open; the profiles settle it: a digest as long as the curve. */
const DIGEST_OF: Readonly<Record<Curve, Digest>> = { 'P-256': 'sha256', 'P-384': 'sha384', 'P-521': 'sha512' };

/** Above 8,192 bits one verification costs more than a path may. */
const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 8192;

export const isKeyAllowed = ({ form }: PublicKey, rules: PathRules, isEndEntity: boolean): boolean => {
  if (form.kind === 'ec') return (isEndEntity ? rules.endEntityCurves : rules.curves).includes(form.curve);
  if (form.kind !== 'rsa' || !rules.rsa || form.bits < MIN_RSA_BITS || form.bits > MAX_RSA_BITS) return false;
  // RFC 8017 section 3.1: e is odd and at least 3. Longer than 8 octets makes a verification as dear as a signature.
  const { exponent } = form;
  const last = exponent.at(-1) ?? 0;
  return exponent.length <= 8 && last % 2 === 1 && (exponent.length > 1 || last >= 3);
};

/** Whether the signature of `certificate` is by an algorithm that the rules know at all. */
export const isAlgorithmKnown = ({ signatureAlgorithm: { known, forgivable } }: Certificate, rules: PathRules): boolean => {
  const scheme = known ?? (rules.nullEcdsaParameters ? forgivable : null);
  if (scheme === null) return false;
  if (scheme.scheme === 'rsa') return rules.rsa;
  return rules.curves.some((curve) => DIGEST_OF[curve] === scheme.digest);
};

/** Whether that algorithm, once it is known, belongs to this issuer's key. */
export const isAlgorithmOf = (
  { signatureAlgorithm: { known, forgivable } }: Certificate,
  { publicKey: { form } }: Certificate,
): boolean => {
  const scheme = known ?? forgivable;
  if (scheme === null) return false;
  if (form.kind === 'ec') return scheme.scheme === 'ec' && scheme.digest === DIGEST_OF[form.curve];
  return form.kind === 'rsa' && scheme.scheme === 'rsa';
};
