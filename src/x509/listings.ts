import { Refusal } from '../reasons/index.js';
import type { Certificate } from './certificate.js';
import type { TimelessRevocation } from './crl-entry.js';
import type { Crl } from './crl.js';
import type { StatusPoint } from './crl-scope.js';
import type { CrlSet } from './crl-set.js';
import type { DistinguishedName } from './distinguished-name.js';
import type { DistributionPoint } from './extension-values.js';
import type { PathRules } from './path-rules.js';
import { newStatusBudget } from './revocation.js';
import { assumedPointOf, namedPoints } from './status-points.js';
import { StatusReader, liftingDelta } from './status-reader.js';

export interface ListingsInput {
  /** The certificates above the end-entities in question, lowest first, the anchor last: judged when they were accepted. */
  readonly authorities: readonly Certificate[];
  /** Distribution points that the end-entities name; null: none. */
  readonly points: readonly DistributionPoint[] | null;
  readonly crls: CrlSet;
  readonly rules: PathRules;
  /** ms since 1970; cut to whole seconds. */
  readonly at: number;
  /** As of `RevocationInput`. */
  readonly crlAnchorsServePoints?: boolean;
}

/** An entry of a CRL that counts. */
export interface Listed {
  readonly crl: Crl;
  readonly revocation: TimelessRevocation;
}

const END_ENTITY: Pick<Certificate, 'basicConstraints'> = { basicConstraints: null };

/** RFC 5280 section 6.3.3 (k). An entry whose time is none lists its certificate all the same: a mapping must not outlive that for a CA's slip. */
const find = (crl: Crl, counting: readonly Crl[], issuer: DistinguishedName, serial: Uint8Array): Listed | null => {
  const revocation = crl.findAtAnyTime(issuer, serial);
  if (revocation === null || revocation.reason === 'removeFromCRL') return null;
  return isLifted(revocation, crl, counting, issuer, serial) ? null : { crl, revocation };
};

/** A delta that takes a hold back at no time takes nothing back. */
const isLifted = (...asked: Parameters<typeof liftingDelta>): boolean => {
  try {
    return liftingDelta(...asked) !== null;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
};

/**
 * What the CRLs at hand list of the end-entities below some CAs, and of these CAs: the same CRLs, signers and scopes as in `judgeRevocation`, asked for
 * certificates that are no longer at hand. It never says that a certificate is good: a CRL that is missing or has run out lists nothing.
 */
export class Listings {
  /** Entries about the CAs but the anchor, from the anchor down. */
  readonly ofAuthorities: readonly Listed[];
  readonly #issuer: DistinguishedName | null;
  readonly #counting: readonly Crl[];

  constructor({ authorities, points, crls, rules, at, crlAnchorsServePoints = false }: ListingsInput) {
    const [issuer] = authorities;
    // Who stands at the end-entity's position plays no part: it signs nothing.
    const chain = issuer === undefined ? [] : [issuer, ...authorities];
    const context = { chain, set: crls, rules, second: Math.floor(at / 1000), budget: newStatusBudget(rules) };
    const reader = new StatusReader(context, crlAnchorsServePoints);
    const countingAt = (position: number, asked: readonly StatusPoint[], certificate: typeof END_ENTITY): Crl[] => {
      const answers = asked.map((point) => reader.counting(position, point, certificate));
      return [...new Set(answers.flatMap(({ latest, deltas }) => [...latest, ...deltas]))];
    };
    this.#issuer = issuer?.subject ?? null;
    this.#counting = issuer === undefined ? [] : countingAt(0, pointsBelow(points, issuer), END_ENTITY);
    this.ofAuthorities = authorities
      .slice(0, -1)
      .flatMap((certificate, i) => {
        const above = authorities[i + 1] ?? certificate;
        const asked = pointsBelow(certificate.crlDistributionPoints, above);
        const counting = countingAt(i + 1, asked, certificate);
        return counting.map((crl) => find(crl, counting, above.subject, certificate.serial));
      })
      .filter((listed) => listed !== null)
      .toReversed();
  }

  /** Entries about the end-entity with that serial number. */
  find(serial: Uint8Array): Listed[] {
    const issuer = this.#issuer;
    if (issuer === null) return [];
    const found: Listed[] = [];
    for (const crl of this.#counting) {
      const listed = find(crl, this.#counting, issuer, serial);
      if (listed !== null) found.push(listed);
    }
    return found;
  }
}

const pointsBelow = (points: readonly DistributionPoint[] | null, issuer: Certificate): readonly StatusPoint[] => {
  const named = namedPoints(points, issuer);
  return named.length > 0 ? named : [assumedPointOf(issuer)];
};
