import { compactVerify, createLocalJWKSet, errors, type JSONWebKeySet } from 'jose';
import type { Clock, EvidenceProof, SubscriberWish } from '../../ports/index.js';
import { refuse } from '../../reasons/index.js';
import { parseStatement, type ConsentStatement } from './consent-statement.js';
import { Once } from './once.js';

/** Seconds: the way from the portal to the desk is a redirect or two. */
const MAX_LIFETIME = 300;
/** Seconds that the portal's clock may be ahead; both are the operator's. */
const SKEW = 5;
const STATEMENTS = 100_000;

export interface PortalTrust {
  readonly issuer: string;
  /** What the portal calls this desk. */
  readonly audience: string;
  /** Public P-256 keys alone. */
  readonly keys: JSONWebKeySet;
}

/**
 * The provider's own subscriber, signed in at its portal, agreed to this very wish: a JWT of the portal says so, under a key that the operator pinned.
 * Which statements were used is memory, so one from before the desk started is refused: it may have been used then.
 */
export class SignedInSubscriber implements EvidenceProof {
  readonly consent = 'operator';
  readonly #trust: PortalTrust;
  readonly #keys: ReturnType<typeof createLocalJWKSet>;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #since: number;
  readonly #used = new Once(STATEMENTS);

  constructor(trust: PortalTrust, clock: Pick<Clock, 'now'>) {
    this.#trust = trust;
    this.#keys = createLocalJWKSet(trust.keys);
    this.#clock = clock;
    // Any that was used before has an iat of then, or of a portal's clock that was ahead.
    this.#since = clock.now() / 1000 + SKEW;
  }

  async verify(wish: SubscriberWish, evidence: string): Promise<void> {
    const statement = parseStatement(evidence);
    await this.#verifySignature(evidence);
    const { issuer, audience } = this.#trust;
    if (statement.iss !== issuer) return refuse('proof-mismatch', 'iss');
    if (statement.aud !== audience) return refuse('proof-mismatch', 'aud');
    this.#checkTimes(statement);
    checkWish(statement, wish);
    this.#used.use(statement.jti, statement.exp * 1000, this.#clock.now());
  }

  async #verifySignature(evidence: string): Promise<void> {
    try {
      await compactVerify(evidence, this.#keys, { algorithms: ['ES256'] });
    } catch (error) {
      if (error instanceof errors.JOSEError) return refuse('proof-failed', 'signature');
      throw error;
    }
  }

  #checkTimes({ iat, exp }: ConsentStatement): void {
    const now = this.#clock.now() / 1000;
    if (iat > now + SKEW || exp <= iat || exp > iat + MAX_LIFETIME) return refuse('proof-mismatch', 'iat and exp');
    if (exp <= now) return refuse('proof-expired');
    if (iat < this.#since) refuse('proof-expired', 'it may be from before the desk started');
  }
}

/** RFC 8725 section 3.10: what was agreed to is what is signed, member by member; a circle that was left out would open what was to be closed. */
const checkWish = (statement: ConsentStatement, wish: SubscriberWish): void => {
  const pairs: readonly [string, string | null, string | null][] = [
    ['sub', statement.sub, wish.sii],
    ['ap', statement.ap, wish.provider],
    ['ssi', statement.ssi, wish.ssi],
    ['purpose', statement.purpose, wish.purpose],
    ['kind', statement.kind, wish.kind],
    ['circle', statement.circle ?? null, wish.circle],
  ];
  for (const [name, stated, wished] of pairs) if (stated !== wished) return refuse('proof-mismatch', name);
};
