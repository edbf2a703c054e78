import type { JudgedCredential } from './credential.js';
import { SeenBefore } from '../encoding/index.js';
import type { ProfileAnchors } from './generation.js';
import type { Judgement } from './judge-credential.js';

/** A path judged under the anchors of one profile. */
export interface Trial {
  readonly anchors: ProfileAnchors;
  readonly judgement: Judgement;
}

export interface KeptTrial extends Trial {
  readonly judgement: { readonly ok: true; readonly credential: JudgedCredential };
}

/** The paths of 10,000 APs, a few each. */
const MAX_PATHS = 40_000;

interface Kept {
  readonly trial: KeptTrial;
  /** Seconds, both inclusive. */
  readonly from: number;
  readonly until: number;
}

/**
 * Paths that satisfied a profile, under the digest of their octets; one for each generation. Bounded: the oldest goes first.
 * Only a path whose first trial succeeded is kept: that no earlier profile could have taken it is then true at every time.
 */
export class PathCache {
  readonly #kept = new Map<string, Kept>();
  readonly #seen = new SeenBefore();

  get(key: string, at: number): Trial | null {
    const kept = this.#kept.get(key);
    return kept !== undefined && kept.from <= at && at <= kept.until ? kept.trial : null;
  }

  /** Keeps what comes the second time. */
  set(key: string, kept: Kept): void {
    if (!this.#seen.has(key)) return;
    if (this.#kept.size >= MAX_PATHS) {
      const oldest = this.#kept.keys().next();
      if (oldest.done !== true) this.#kept.delete(oldest.value);
    }
    this.#kept.delete(key);
    this.#kept.set(key, kept);
  }
}
