import { attestationAnswer, pendingAnswer, readAnswer, type Attested, type PendingAttestation } from './answers.js';
import { Connection, type Answer, type ConnectionOptions } from './connection.js';
import { DEFAULT_PATIENCE, persist, type Patience } from './retry.js';

export interface AttestationClientOptions extends ConnectionOptions {
  /** Of `complete` alone. */
  readonly patience?: Patience;
}

/** What a subscriber is to agree to. The AP is who the client certificate says. */
export interface Wish {
  readonly sii: string;
  /** Of this AP. */
  readonly ssi: string;
  readonly purpose: 'consumer' | 'business';
  readonly kind?: 'user' | 'service';
  /** base64url of SHA-256 of the circle code. */
  readonly circle?: string;
  /** The discovery provider that the PASSporT is for; may be left out where the number provider knows one alone. */
  readonly audience?: string;
}

/** How the wish is proven. */
export type Proof =
  | { readonly by: 'otp' }
  /** An access token of the mobile network, made over the subscriber's phone. */
  | { readonly by: 'sim'; readonly accessToken: string }
  /** What the number provider's portal signed when its subscriber agreed. */
  | { readonly by: 'operator'; readonly statement: string };

const evidenceOf = (proof: Proof): { readonly evidence?: string } =>
  proof.by === 'otp' ? {} : { evidence: proof.by === 'sim' ? proof.accessToken : proof.statement };

/**
 * Asks a number or mail provider to attest what its subscriber wishes (docs/provider-attestation.md); the PASSporT is then `ApClient.register`'s.
 *
 * Throws `ApiRefusal` by `reason`: `proof-failed`, `proof-mismatch`, `proof-expired`, `proof-replayed`, `proof-malformed`, `too-many-attempts`,
 * `proof-not-offered`, `tn-out-of-scope` or `email-out-of-scope` (not theirs), `too-many-proofs` (`retryAfter` says when); `ApiUnavailable`
 * `proof-unavailable`; `NoAnswer`, `UnexpectedAnswer`.
 *
 * @example
 * ```ts
 * import { readFileSync } from 'node:fs';
 * import { AttestationClient } from 'signpost/client';
 *
 * const provider = new AttestationClient({
 *   url: 'https://np.example:8444',
 *   ca: readFileSync('np-ca.pem'),
 *   cert: readFileSync('a.example.pem'),
 *   key: readFileSync('a.example.key.pem'),
 * });
 * const wish = { sii: 'tel:+12025550100', ssi: 'mimi://a.example/u/alice', purpose: 'consumer' } as const;
 * const { id } = await provider.beginCode(wish);
 * const { passport } = await provider.complete(id, '12345678');
 * console.log(passport);
 * provider.close();
 * ```
 */
export class AttestationClient {
  readonly #connection: Connection;
  readonly #patience: Patience;

  constructor(options: AttestationClientOptions) {
    this.#connection = new Connection(options);
    this.#patience = options.patience ?? DEFAULT_PATIENCE;
  }

  /** Has a code sent to the number or address. Never repeated by itself: each time is a message to a person. */
  async beginCode(wish: Wish): Promise<PendingAttestation> {
    return readAnswer(await this.#begin(wish, { by: 'otp' }), pendingAnswer);
  }

  /** Attests at once, on evidence. Never repeated by itself: evidence serves once. */
  async attest(wish: Wish, proof: Exclude<Proof, { readonly by: 'otp' }>): Promise<Attested> {
    return readAnswer(await this.#begin(wish, proof), attestationAnswer);
  }

  /** Gives the code that the subscriber read. Repeated until there is an answer: the same code gets the same PASSporT. */
  complete(id: string, code: string): Promise<Attested> {
    const path = `/v1/attestations/${encodeURIComponent(id)}`;
    return persist(this.#patience, async () => readAnswer(await this.#post(path, { code }), attestationAnswer));
  }

  close(): void {
    this.#connection.close();
  }

  #begin(wish: Wish, proof: Proof): Promise<Answer> {
    return this.#post('/v1/attestations', { ...wish, proof: proof.by, ...evidenceOf(proof) });
  }

  #post(path: string, body: unknown): Promise<Answer> {
    return this.#connection.call({ method: 'POST', path, type: 'application/json', body: JSON.stringify(body) });
  }
}
