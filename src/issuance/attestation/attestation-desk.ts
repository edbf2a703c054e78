import { parseSsi } from '../../identifiers/index.js';
import type { Clock, CodeProof, EvidenceProof, RandomSource, SubscriberProof, SubscriberWish } from '../../ports/index.js';
import { refuse, Unavailable } from '../../reasons/index.js';
import type { Statement } from '../statement.js';
import { isSameCode, newCode } from './code.js';
import { ATTESTATION_LIMITS, PROOF_LIFETIME, RATE_KEYS, type AttestationLimits } from './limits.js';
import { messageOf } from './message.js';
import { PendingProofs, type Attestation } from './pending-proofs.js';
import { Rate } from './rate.js';

export type ProofName = SubscriberProof['consent'];
/** What is attested. An AP states `app` itself. */
export type Registration = Extract<Statement, { readonly action: 'register' }> & { readonly consent: ProofName };

/** The desk that an attestation is signed at. */
export interface AttestingDesk {
  /**
   * Whether the SII is the desk's to speak for now.
   * @throws Refusal `tn-out-of-scope`, `email-out-of-scope`
   * @throws Unavailable `not-ready` while the desk has no credential that could sign
   */
  check(sii: string): Promise<void>;
  /**
   * Checks once more, records, then signs: no PASSporT leaves that the ledger does not know.
   * @throws as `check`, and what the ledger throws: then nothing was signed
   */
  attest(registration: Registration): Promise<Attestation>;
}

export interface AttestationParts {
  readonly desk: AttestingDesk;
  readonly proofs: readonly SubscriberProof[];
  /** What a text message says (message.ts). */
  readonly message: string;
  /** Discovery providers that the desk signs for. */
  readonly audiences: readonly string[];
  /** Seconds that a PASSporT may be presented. */
  readonly lifetime: number;
  readonly limits?: AttestationLimits;
  readonly clock: Clock;
  readonly random: RandomSource;
}

/** What an AP asks for. The AP is who its client certificate says, never a member of this. */
export interface AttestationRequest {
  /** Canonical. */
  readonly sii: string;
  readonly ssi: string;
  readonly purpose: 'consumer' | 'business';
  readonly kind?: 'user' | 'service' | undefined;
  readonly circle?: string | undefined;
  /** Absent: the only one there is. */
  readonly audience?: string | undefined;
  readonly proof: ProofName;
  /** Of `sim` an access token, of `operator` what the portal signed; none of `otp`. */
  readonly evidence?: string | undefined;
}

export type Begun =
  | { readonly state: 'pending'; readonly id: string; readonly proof: 'otp'; /** ms since 1970 */ readonly expires: number }
  | ({ readonly state: 'attested' } & Consented);

export interface Consented extends Attestation {
  readonly consent: ProofName;
}

/**
 * Attests for an AP what a subscriber wishes (docs/adr/0011): a proof of the wish, then a register PASSporT for that AP alone.
 * Proves that who answered reads what is sent to the SII (`otp`), or has its SIM (`sim`), or is signed in as its subscriber (`operator`); never that
 * they understood what they agreed to. Nothing that is thrown or returned tells more of an SII than whether it is the desk's to speak for.
 */
export class AttestationDesk {
  readonly #parts: AttestationParts;
  readonly #proofs: ReadonlyMap<ProofName, SubscriberProof>;
  readonly #pending: PendingProofs;
  readonly #rates: Readonly<Record<'perClient' | 'wrongCodes' | 'codesPerClient' | 'codesPerSii', Rate>>;

  constructor(parts: AttestationParts) {
    const limits = parts.limits ?? ATTESTATION_LIMITS;
    this.#parts = parts;
    this.#proofs = new Map(parts.proofs.map((proof) => [proof.consent, proof]));
    this.#pending = new PendingProofs(limits.pending);
    this.#rates = {
      perClient: new Rate(limits.perClient, RATE_KEYS),
      wrongCodes: new Rate(limits.wrongCodes, RATE_KEYS),
      codesPerClient: new Rate(limits.codesPerClient, RATE_KEYS),
      codesPerSii: new Rate(limits.codesPerSii, RATE_KEYS),
    };
  }

  /**
   * Sends a code, or judges the evidence and signs.
   * @throws Refusal `ap-mismatch`, `aud-mismatch`, `proof-not-offered`, `malformed-request`, as `AttestingDesk.attest` and `EvidenceProof.verify`
   * @throws Unavailable `too-many-proofs`, `overloaded`, `proof-unavailable`
   */
  async begin(client: string, request: AttestationRequest): Promise<Begun> {
    const wish = wishOf(client, request);
    const audience = this.#audienceOf(request);
    const proof = this.#proofs.get(request.proof) ?? refuse('proof-not-offered', this.#offered());
    if ((request.evidence === undefined) !== (proof.consent === 'otp')) return refuse('malformed-request', 'evidence');
    this.#meter(this.#rates.perClient, client);
    await this.#parts.desk.check(wish.sii);
    return proof.consent === 'otp' ? this.#send(proof, wish, audience) : this.#judge(proof, wish, audience, request.evidence ?? '');
  }

  /**
   * Signs if the code is the one that was sent. Asked again, it gives the same PASSporT for as long as that may be presented.
   * @throws Refusal `not-found`, `proof-failed`, `proof-expired`, `too-many-attempts`, as `AttestingDesk.attest`
   * @throws Unavailable `too-many-proofs` when the AP gave too many wrong codes lately: then no code is looked at
   */
  async complete(client: string, id: string, code: string): Promise<Consented> {
    const pending = this.#pending.find(id, client, this.#now());
    limit(this.#rates.wrongCodes.wait(client, this.#now()), 'wrong codes');
    if (!isSameCode(pending.code, code)) {
      this.#rates.wrongCodes.take(client, this.#now());
      this.#pending.fail(pending, this.#now());
      return refuse('proof-failed', 'code');
    }
    // Of two completions at once the second waits for the first.
    const answer = (pending.answer ??= this.#finish(pending.wish, pending.audience, 'otp').then((attestation) => {
      this.#pending.finish(pending, this.#now() + attestation.expires - this.#parts.clock.now());
      return attestation;
    }));
    try {
      return { ...(await answer), consent: 'otp' };
    } catch (error) {
      // Nothing was signed: the code stays good.
      pending.answer = null;
      throw error;
    }
  }

  #audienceOf({ audience }: AttestationRequest): string {
    const { audiences } = this.#parts;
    if (audience === undefined && audiences.length === 1) return audiences[0] ?? refuse('aud-mismatch');
    if (audience === undefined) return refuse('malformed-request', 'audience: there are several');
    return audiences.includes(audience) ? audience : refuse('aud-mismatch');
  }

  #offered(): string {
    return `offered: ${[...this.#proofs.keys()].join(', ')}`;
  }

  async #send(proof: CodeProof, wish: SubscriberWish, audience: string): Promise<Begun> {
    this.#meter(this.#rates.codesPerClient, `${wish.provider} ${wish.sii}`);
    this.#meter(this.#rates.codesPerSii, wish.sii);
    const { random, clock, message } = this.#parts;
    const id = Buffer.from(random(16)).toString('base64url');
    const code = newCode(random);
    this.#pending.add({ id, wish, audience, code }, this.#now());
    const expires = clock.now() + PROOF_LIFETIME;
    try {
      await proof.send(wish.sii, messageOf(message, wish, code), id);
    } catch (error) {
      this.#pending.drop(id);
      throw error;
    }
    return { state: 'pending', id, proof: 'otp', expires };
  }

  async #judge(proof: EvidenceProof, wish: SubscriberWish, audience: string, evidence: string): Promise<Begun> {
    await proof.verify(wish, evidence);
    return { state: 'attested', consent: proof.consent, ...(await this.#finish(wish, audience, proof.consent)) };
  }

  #finish({ sii, ssi, provider, purpose, kind, circle }: SubscriberWish, audience: string, consent: ProofName): Promise<Attestation> {
    return this.#parts.desk.attest({
      action: 'register',
      audience,
      sii,
      lifetime: this.#parts.lifetime,
      ssi,
      provider,
      consent,
      purpose,
      // DESIGN section 5: `user` is the default, and one meaning has one spelling.
      ...(kind === 'user' ? {} : { kind }),
      ...(circle === null ? {} : { circle }),
    });
  }

  #meter(rate: Rate, key: string): void {
    limit(rate.take(key, this.#now()));
  }

  #now(): number {
    return this.#parts.clock.monotonic();
  }
}

/** @param wait ms; 0: there is room */
const limit = (wait: number, detail?: string): void => {
  if (wait > 0) throw new Unavailable('too-many-proofs', detail, null, Math.ceil(wait / 1000));
};

/** DESIGN section 5: the provider is the authenticated client and the host of the SSI. @throws Refusal `ap-mismatch`, `non-canonical-uri` */
const wishOf = (client: string, { sii, ssi, purpose, kind = 'user', circle = null }: WishMembers): SubscriberWish => {
  if (parseSsi(ssi).provider !== client) return refuse('ap-mismatch', 'SSI');
  return { sii, ssi, provider: client, purpose, kind, circle };
};

type WishMembers = Pick<AttestationRequest, 'sii' | 'ssi' | 'purpose' | 'kind'> & { readonly circle?: string | null | undefined };
