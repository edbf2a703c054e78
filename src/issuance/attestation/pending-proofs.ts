import type { SubscriberWish } from '../../ports/index.js';
import { refuse, Unavailable } from '../../reasons/index.js';
import { ATTEMPTS, PROOF_LIFETIME, type AttestationLimits } from './limits.js';

/** A PASSporT that was signed; `expires` in ms since 1970. */
export interface Attestation {
  readonly passport: string;
  readonly expires: number;
}

/** A code that is out. Never logged. */
export interface PendingProof {
  readonly id: string;
  readonly wish: SubscriberWish;
  readonly audience: string;
  readonly code: string;
  /** ms on a clock that never steps. */
  readonly until: number;
  attempts: number;
  /** Under way, or done. */
  answer: Promise<Attestation> | null;
}

interface Closed {
  readonly client: string;
  readonly how: 'dead' | 'expired' | PendingProof;
  readonly until: number;
}

/** The codes that are out, in memory: a restart makes the user ask again (docs/adr/0010). Bounded in all, per AP and per SII. */
export class PendingProofs {
  readonly #limits: AttestationLimits['pending'];
  /** All live as long, so the first is the first to run out. */
  readonly #open = new Map<string, PendingProof>();
  /** What came of others, so that who is late is told why. */
  readonly #closed = new Map<string, Closed>();
  readonly #perClient = new Map<string, number>();
  readonly #perSii = new Map<string, number>();

  constructor(limits: AttestationLimits['pending']) {
    this.#limits = limits;
  }

  /** @throws Unavailable `overloaded`, `too-many-proofs` */
  add(begun: Pick<PendingProof, 'id' | 'wish' | 'audience' | 'code'>, now: number): void {
    this.#sweep(now);
    const { provider, sii } = begun.wish;
    const [oldest] = this.#open.values();
    const wait = Math.ceil(((oldest?.until ?? now) - now) / 1000);
    if (this.#open.size >= this.#limits.inAll) throw new Unavailable('overloaded', undefined, null, wait);
    if (countOf(this.#perClient, provider) >= this.#limits.perClient) throw new Unavailable('too-many-proofs', 'of this AP', null, wait);
    if (countOf(this.#perSii, sii) >= this.#limits.perSii) throw new Unavailable('too-many-proofs', 'of this SII', null, wait);
    this.#open.set(begun.id, { ...begun, until: now + PROOF_LIFETIME, attempts: 0, answer: null });
    count(this.#perClient, provider, 1);
    count(this.#perSii, sii, 1);
  }

  /** As if it had never begun: its code was not sent. */
  drop(id: string): void {
    this.#take(id);
  }

  /**
   * The proof, for the AP that began it; nobody else learns that it is there.
   * @throws Refusal `not-found`, `proof-expired`, `too-many-attempts`
   */
  find(id: string, client: string, now: number): PendingProof {
    this.#sweep(now);
    const pending = this.#open.get(id);
    if (pending !== undefined) return pending.wish.provider === client ? pending : refuse('not-found');
    const closed = this.#closed.get(id);
    if (closed === undefined || closed.client !== client || closed.until <= now) return refuse('not-found');
    if (closed.how === 'expired') return refuse('proof-expired');
    return closed.how === 'dead' ? refuse('too-many-attempts') : closed.how;
  }

  /** A wrong code was given. */
  fail(pending: PendingProof, now: number): void {
    pending.attempts += 1;
    if (pending.attempts >= ATTEMPTS && this.#take(pending.id) !== null) this.#close(pending, 'dead', now + PROOF_LIFETIME);
  }

  /** Signed: the same answer for as long as the PASSporT lives, `until`. */
  finish(pending: PendingProof, until: number): void {
    this.#take(pending.id);
    this.#close(pending, pending, until);
  }

  #sweep(now: number): void {
    for (const pending of this.#open.values()) {
      if (pending.until > now) return;
      this.#take(pending.id);
      this.#close(pending, 'expired', pending.until + PROOF_LIFETIME);
    }
  }

  #close({ id, wish: { provider: client } }: PendingProof, how: Closed['how'], until: number): void {
    this.#closed.delete(id);
    this.#closed.set(id, { client, how, until });
    const [oldest] = this.#closed.keys();
    if (oldest !== undefined && this.#closed.size > this.#limits.inAll) this.#closed.delete(oldest);
  }

  #take(id: string): PendingProof | null {
    const pending = this.#open.get(id);
    if (pending === undefined) return null;
    this.#open.delete(id);
    count(this.#perClient, pending.wish.provider, -1);
    count(this.#perSii, pending.wish.sii, -1);
    return pending;
  }
}

const countOf = (counts: ReadonlyMap<string, number>, key: string): number => counts.get(key) ?? 0;

const count = (counts: Map<string, number>, key: string, by: 1 | -1): void => {
  const next = countOf(counts, key) + by;
  if (next === 0) counts.delete(key);
  else counts.set(key, next);
};
