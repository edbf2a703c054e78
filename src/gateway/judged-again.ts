import { parseLeaf, type LeafFields } from '../log/index.js';
import { Refusal, Unavailable, type Reason } from '../reasons/index.js';
import { PIPELINE, SEQUENCER_STEPS, type StepName, type VerifiedPassport, type Versions } from '../verification/index.js';
import type { CredentialEntry } from './credential-book.js';
import { knownOf, spentFactsOf } from './decision.js';
import type { Evidence } from './evidence.js';
import { acceptedLeaf, refusedLeaf, type RefusedDecision } from './leaf-record.js';
import type { Ruled } from './ruling.js';
import { encodeSealedEvent } from './sealed-event.js';
import { eventOf, misfitVerdict, presenterMisfit } from './submitted-event.js';
import type { EventTerms } from './world.js';

/** One decision as the log and the evidence have it. */
export interface RecordedDecision {
  /** Of the leaf. */
  readonly octets: Uint8Array;
  /** As `parseLeaf` gives it. */
  readonly leaf: LeafFields;
  /** As `versionsInLeaf` gives them. */
  readonly versions: Versions;
  readonly opening: Uint8Array;
  readonly evidence: Evidence;
  /** The sealed event; null of a refusal, and for whoever was not given it. */
  readonly sealed: { readonly plaintext: Uint8Array; readonly credential: CredentialEntry | null } | null;
}

/** What is not as it was recorded. */
export interface Difference {
  /** The step, or where else: `leaf MEMBER`, `sealed event`. */
  readonly where: string;
  readonly expected: string;
  readonly got: string;
}

export interface JudgedAgain {
  readonly differences: readonly Difference[];
  /** What the sequencer had to rule on; null where the pipeline refused, or something differs. */
  readonly ruled: Ruled | null;
}

/**
 * Judges a decision again from what it was made from, under the generation that its leaf names, and holds all that the leaf says against it: verdict,
 * reason, digest, signer, commitments. Shows that the leaf follows from the evidence; not that the evidence is what was presented (docs/adr/0020), nor
 * what the sequencer ruled, which depends on the log before it.
 */
export const judgeAgain = (decision: RecordedDecision, terms: EventTerms): JudgedAgain => {
  const again = new Again(decision, terms);
  return decision.evidence.kind === 'withdrawal' ? again.withdrawal(decision.evidence) : again.passport(decision.evidence);
};

const fromLeaf = (digest: string): string => Buffer.from(digest, 'base64url').toString('hex');

/** What a leaf says that it was judged under. */
export const versionsInLeaf = ({ pol, tl, num, rev }: Pick<LeafFields, 'pol' | 'tl' | 'num' | 'rev'>): Versions => ({
  policy: fromLeaf(pol),
  trust: fromLeaf(tl),
  numbering: fromLeaf(num),
  revocation: fromLeaf(rev),
});

class Again {
  readonly #decision: RecordedDecision;
  readonly #leaf: LeafFields;
  readonly #terms: EventTerms;
  readonly #versions: Versions;

  constructor(decision: RecordedDecision, terms: EventTerms) {
    this.#decision = decision;
    this.#leaf = decision.leaf;
    this.#terms = terms;
    this.#versions = decision.versions;
  }

  withdrawal({ client, sii, ssi }: Extract<Evidence, { kind: 'withdrawal' }>): JudgedAgain {
    const event = { type: 'withdraw-by-connection', sii, ssi, provider: client.domain } as const;
    return this.#sequenced({ event, spent: null }, null);
  }

  passport({ client, input }: Extract<Evidence, { kind: 'passport' }>): JudgedAgain {
    const verdict = this.#terms.verifier.verify({ ...input, client: { domain: client.domain } });
    if (!verdict.accepted) return this.#refused(verdict.step, verdict);
    const { verified } = verdict;
    const misfit = presenterMisfit(verified, client);
    if (misfit !== null) return this.#refused('check-presenter', misfitVerdict(verified, misfit));
    const event = eventOf(verified, client, this.#terms);
    return this.#sequenced({ event, spent: spentFactsOf(verified, client.domain) }, verified);
  }

  #refused(step: StepName, verdict: RefusedDecision['verdict']): JudgedAgain {
    if (this.#leaf.k !== 'reject' || this.#leaf.why !== verdict.reason)
      return differing([{ where: step, expected: this.#leaf.why, got: verdict.reason }]);
    return differing(this.#held(refusedLeaf({ ...this.#origin, verdict: { ...verdict, versions: this.#versions } })));
  }

  #sequenced(ruled: Ruled, verified: VerifiedPassport | null): JudgedAgain {
    const { event } = ruled;
    const { k, why } = this.#leaf;
    if (k === 'accept') {
      const leaf = acceptedLeaf({ ...this.#origin, event, verified, versions: this.#versions });
      return { ruled, differences: [...this.#held(leaf), ...this.#sealed(ruled)] };
    }
    // The pipeline accepts now: whoever refused then must have been the sequencer.
    const step = ruledBy(why) ? null : refusingStep(why);
    if (step !== null) return differing([{ where: step, expected: why, got: 'OK' }]);
    const verdict = { reason: why as Reason, known: knownOf(event, verified), versions: this.#versions };
    return { ruled, differences: this.#held(refusedLeaf({ ...this.#origin, verdict })) };
  }

  get #origin() {
    const { opening, evidence } = this.#decision;
    return { client: evidence.client.domain, time: this.#leaf.t, opening, gateway: this.#leaf.gw };
  }

  /** Where the leaf is not the one that is due. */
  #held(due: Uint8Array): Difference[] {
    if (Buffer.compare(due, this.#decision.octets) === 0) return [];
    const [said, got] = [this.#leaf, parseLeaf(due)].map(
      (leaf) => new Map(Object.entries(leaf).map(([name, value]) => [name, JSON.stringify(value)])),
    );
    const names = [...new Set([...(said?.keys() ?? []), ...(got?.keys() ?? [])])].filter((name) => said?.get(name) !== got?.get(name));
    return names.map((name) => ({ where: `leaf ${name}`, expected: said?.get(name) ?? 'none', got: got?.get(name) ?? 'none' }));
  }

  /** What the log's fold reads must be what follows from the evidence. */
  #sealed({ event, spent }: Ruled): Difference[] {
    const { sealed, opening } = this.#decision;
    if (sealed === null) return [];
    const { plaintext, credential } = sealed;
    const due = encodeSealedEvent({ event, opening, mappingLifetime: this.#terms.mappingLifetime, spent, credential });
    return due.equals(plaintext) ? [] : [{ where: 'sealed event', expected: 'what follows from the evidence', got: 'another event' }];
  }
}

const differing = (differences: readonly Difference[]): JudgedAgain => ({ differences, ruled: null });

const ruledBy = (reason: string): boolean =>
  reason === 'expired-token' || SEQUENCER_STEPS.some(({ refuses }) => refuses.some((one) => one === reason));

const refusingStep = (reason: string): string => PIPELINE.find(({ refuses }) => refuses.some((one) => one === reason))?.name ?? 'verdict';

/** What cannot be judged again, in words. @throws what is no refusal: a disk that does not answer says nothing of what is on it */
export const unjudged = (error: unknown): Difference => {
  if (!(error instanceof Refusal) || error instanceof Unavailable) throw error;
  return { where: 'evidence', expected: 'what can be judged', got: error.detail ?? error.reason };
};
