import { DerError } from '../encoding/index.js';
import { Refusal, type Reason } from '../reasons/index.js';
import { Listings, STIR_RULES, judgePath, readCrlDistributionPoints, type Certificate, type DistributionPoint } from '../x509/index.js';
import { strength } from './consent.js';
import { anchorKeyOf, type CredentialClass } from './credential-class.js';
import { fallOf, marked, removed, worstOf, type Fall } from './fall.js';
import type { Generation, ProfileAnchors } from './generation.js';
import { pathRulesOf } from './profiles/index.js';
import { checkScope, coverageOf } from './scope.js';

/** An anchor that vouches for a class now: the one that it was registered under, or another to which its CAs lead as well. */
interface Voucher {
  readonly anchor: Certificate;
  readonly isSame: boolean;
}

/**
 * Whether the credentials of one class stand under one generation. The class is judged once; a credential then costs a look into the CRLs.
 * Time alone takes nobody's standing: a certificate that has run out, a CRL that is missing or has run out say nothing here (DESIGN section 7).
 */
export class ClassStanding {
  readonly #class: CredentialClass;
  readonly #anchors: ProfileAnchors | null;
  /** None: nobody vouches for it any more. Null: its CAs cannot be read by this build. */
  readonly #vouchers: readonly Voucher[] | null;
  /** Its anchor may be one that is not known now: nothing is said of it. */
  readonly #isSilent: boolean;
  readonly #listings: Listings | null;
  /** Whatever the serial number and the SII. */
  readonly #common: Fall | null;
  /** By the anchors alone, whatever the serial number, while the SII was not looked for. */
  readonly #anchored: Fall | 'ask' | null;

  /** @param at seconds */
  constructor(cls: CredentialClass, under: Generation, at: number) {
    this.#class = cls;
    this.#anchors = under.anchors.find(({ profile }) => profile === cls.profile) ?? null;
    const authorities = unlessRefused(() => cls.authorities.map((der) => under.certificates.parse(der)), null);
    this.#vouchers = authorities === null ? null : vouchersOf(cls, authorities, this.#anchors, at);
    this.#isSilent = under.silent.has(cls.profile) && this.#vouchers?.some(({ isSame }) => isSame) !== true;
    const [voucher] = this.#vouchers ?? [];
    // While the anchor is not known its CAs still sign CRLs.
    const chain = voucher === undefined ? (this.#isSilent ? authorities : null) : [...(authorities ?? []), voucher.anchor];
    this.#listings =
      chain === null || under.policy.revocation[cls.profile] === 'off'
        ? null
        : new Listings({
            authorities: chain,
            points: pointsOf(cls),
            crls: under.crls,
            rules: STIR_RULES,
            at: at * 1000,
            crlAnchorsServePoints: under.policy.revocation.crlAnchorsServePoints.includes(cls.profile),
          });
    this.#common = worstOf([...(this.#listings?.ofAuthorities ?? []).map(fallOf), policyFall(cls, under)]);
    this.#anchored = this.#judgeAnchors();
  }

  /**
   * What becomes of what a credential of this class registered; null: it stands. `ask`: that depends on the SII.
   * @param sii the SII of the mapping in question; null: it can no longer be known, and then no anchor speaks for it; left out: not looked for yet
   */
  of(serial: Uint8Array, sii?: string | null): Fall | 'ask' | null {
    const anchored = sii === undefined ? this.#anchored : this.#anchoredFor(sii);
    const besides = this.besides(serial);
    if (anchored !== 'ask') return worstOf([anchored, besides]);
    // Removed whatever the anchor says: nobody need be asked.
    return besides?.effect === 'removed' && besides.since === null ? besides : 'ask';
  }

  /** The same by CRLs and policy alone: what is true of it whatever its anchor speaks for. */
  besides(serial: Uint8Array): Fall | null {
    return worstOf([this.#common, ...(this.#listings?.find(serial) ?? []).map(fallOf)]);
  }

  #judgeAnchors(): Fall | 'ask' | null {
    if (this.#vouchers === null) return marked('malformed-cert');
    if (this.#isSilent) return null;
    if (this.#vouchers.length === 0) return removed('untrusted-chain');
    const coverages = this.#vouchers.map(({ anchor, isSame }) => ({ isSame, coverage: this.#coverageOf(anchor) }));
    const full = coverages.find(({ coverage }) => coverage === 'all');
    if (full !== undefined) return full.isSame ? null : marked('untrusted-chain');
    return coverages.some(({ coverage }) => coverage === 'some') ? 'ask' : removed('anchor-out-of-scope');
  }

  #anchoredFor(sii: string | null): Fall | null {
    if (this.#vouchers === null) return marked('malformed-cert');
    if (this.#isSilent) return null;
    if (this.#vouchers.length === 0) return removed('untrusted-chain');
    const speaking = this.#vouchers.find(({ anchor }) => sii !== null && this.#speaksFor(anchor, sii));
    if (speaking === undefined) return removed('anchor-out-of-scope');
    return speaking.isSame ? null : marked('untrusted-chain');
  }

  #coverageOf(anchor: Certificate): ReturnType<typeof coverageOf> {
    const { profile, scope } = this.#class;
    const anchors = this.#anchors;
    return anchors === null ? 'none' : coverageOf(profile, anchors.speaksFor.get(anchor) ?? [], anchors.names, scope);
  }

  #speaksFor(anchor: Certificate, sii: string): boolean {
    const anchors = this.#anchors;
    if (anchors === null) return false;
    return unlessRefused(() => {
      checkScope(anchors.profile, anchors.speaksFor.get(anchor) ?? [], anchors.names, sii);
      return true;
    }, false);
  }
}

const unlessRefused = <T, U>(work: () => T, otherwise: U): T | U => {
  try {
    return work();
  } catch (error) {
    if (error instanceof Refusal || error instanceof DerError) return otherwise;
    throw error;
  }
};

/** Where no CRLs were read nobody has looked at the points: those that cannot be read name none. */
const pointsOf = ({ points }: CredentialClass): readonly DistributionPoint[] | null =>
  points === null ? null : unlessRefused(() => readCrlDistributionPoints(Buffer.from(points, 'base64')), null);

/** The anchor of the registration while it is one of the profile's; else every other that the CAs lead to. */
const vouchersOf = (cls: CredentialClass, authorities: readonly Certificate[], anchors: ProfileAnchors | null, at: number): Voucher[] => {
  if (anchors === null) return [];
  const same = anchors.certificates.find(({ fingerprint }) => fingerprint.toString('hex') === cls.anchor);
  if (same !== undefined) return [{ anchor: same, isSame: true }];
  // A CA that has run out since vouched while it could: judged at its last moment.
  const second = Math.min(at, ...authorities.map(({ notAfter }) => notAfter));
  return anchors.certificates.filter((anchor) => leadsTo(cls, authorities, anchor, second)).map((anchor) => ({ anchor, isSame: false }));
};

const leadsTo = (cls: CredentialClass, authorities: readonly Certificate[], anchor: Certificate, second: number): boolean => {
  // Without a CA between, the anchor's own key signed the end-entity: another anchor vouches for it only if it has that name and key.
  if (authorities.length === 0) return anchorKeyOf(anchor) === cls.anchorKey;
  const rules = pathRulesOf(cls.profile);
  // A CA stands in place of the end-entity: its key is another than those that sign PASSporTs.
  const caRules = { ...rules, caEndEntity: true, endEntityCurves: rules.curves };
  return unlessRefused(() => judgePath({ path: authorities, anchors: [anchor], at: second * 1000, rules: caRules }) !== null, false);
};

/** What the rules of the profile and of Cedar say of any `register` by such a credential, whatever it claims. */
const policyFall = (cls: CredentialClass, { policy, authorizer }: Generation): Fall | null => {
  const refused = (reason: Reason): Fall => marked(reason);
  const { extendedKeyUsages, shakenPolicies, raise } = policy.profiles;
  if (cls.usages.some((usage) => !extendedKeyUsages.includes(usage))) return refused('bad-eku');
  if (cls.policy !== null && !shakenPolicies.includes(cls.policy)) return refused('bad-policy');
  if (cls.findings.some((code) => raise.includes(code))) return refused('profile-violation');
  const isAllowed = [false, true].some(
    (preferGranted) =>
      authorizer.decide({
        action: 'register',
        credential: cls.kind,
        identifier: cls.profile === 'email' ? 'mailbox' : 'number',
        ofRecord: true,
        ownMapping: cls.kind === 'delegate' || cls.kind === 'mailbox',
        preferGranted,
        portSide: 'none',
      }).allowed,
  );
  if (!isAllowed) return refused('action-not-authorised');
  return strength(cls.consent) < strength(policy.consent.minimum) ? refused('consent-too-weak') : null;
};
