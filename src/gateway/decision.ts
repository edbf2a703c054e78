import { Refusal, Unavailable, type Reason } from '../reasons/index.js';
import { areaOf, subjectId } from '../identifiers/index.js';
import type { RandomSource, SubjectId, Vault } from '../ports/index.js';
import type { NotAccepted, PortedRecord, VerifiedPassport } from '../verification/index.js';
import { NO_KEY, asOf, everyMapping, ssiOf, type RegistryEvent, type Subject, type TransitionContext } from '../registry/index.js';
import { credentialId, type CredentialBook, type CredentialEntry } from './credential-book.js';
import type { CredentialClasses } from './credential-classes.js';
import type { Draft } from './draft.js';
import { evidenceContext } from './evidence.js';
import { sealingContext } from './journal.js';
import { acceptedLeaf, batchedLeaf, refusedLeaf } from './leaf-record.js';
import type { RejectBudget } from './reject-budget.js';
import type { RejectWindows } from './reject-windows.js';
import { ruleOn, type Ruling } from './ruling.js';
import { encodeSealedEvent, encodeSealedRefusal, type SpentFacts } from './sealed-event.js';
import { signingMark, spentKeys, type Spent, type SpentPassports } from './spent-passports.js';
import { versionsOf, type World } from './world.js';

const DAY_MS = 86_400_000;

/** About one SII. */
export type EventRequest =
  | ({ readonly kind: 'passport'; readonly event: RegistryEvent; readonly verified: VerifiedPassport } & Submitted)
  | ({ readonly kind: 'connection'; readonly event: RegistryEvent } & Submitted);

export interface RefusalRequest extends Submitted {
  readonly kind: 'refusal';
  readonly verdict: NotAccepted;
  /** Who is of record by a port, where that was asked. */
  readonly record: PortedRecord | null;
}

export type SequencerRequest = EventRequest | RefusalRequest;

interface Submitted {
  /** Domain of the authenticated client. */
  readonly client: string;
  /** As `encodeEvidence` gives it. */
  readonly evidence: Uint8Array;
}

export interface Committed {
  readonly outcome: 'committed';
  readonly index: number;
  /** ms */
  readonly time: number;
  readonly leafHash: Uint8Array;
  readonly subject: Subject | null;
  /** Of a refusal in a batch: which of its records. */
  readonly batchIndex?: number;
}

export type Sequenced =
  | Committed
  /** The leaf says no. */
  | (Omit<Committed, 'outcome'> & {
      readonly outcome: 'refused';
      readonly reason: Reason;
      readonly step: 'check-replay' | 'check-order';
      readonly detail: string | null;
    })
  /** Accepted before, by the same client, and its effect stands: the first answer is due. */
  | { readonly outcome: 'repeat'; readonly index: number; readonly subject: Subject }
  /** What it was judged under has moved: judge again. */
  | { readonly outcome: 'moved' };

export interface DecisionParts {
  readonly vault: Vault;
  readonly spent: SpentPassports;
  readonly classes: CredentialClasses;
  readonly book: CredentialBook;
  readonly pepper: Uint8Array;
  readonly random: RandomSource;
  /** Name and build of this gateway, for the leaves. */
  readonly gateway: string;
  readonly world: () => World;
  readonly rejects: { readonly budget: RejectBudget; readonly windows: RejectWindows };
}

/** Refused, and decided once its batch is. */
export interface Gathered {
  readonly outcome: 'gathered';
  readonly decided: Promise<Sequenced>;
}

type Resolve<T> = (outcome: T) => void;

/**
 * Makes decisions into a draft: leaf, sealed event and the next subject, and the answer that is due once all of it is durable.
 * A fault in one decision leaves nothing of it in the draft.
 */
export class Decisions {
  readonly #parts: DecisionParts;
  #refusalSlot: { readonly day: number; readonly slot: number } | null = null;

  constructor(parts: DecisionParts) {
    this.#parts = parts;
  }

  /** @param time ms; of the leaf */
  refuse(draft: Draft, time: number, request: RefusalRequest, resolve: Resolve<Sequenced | Gathered>): void {
    this.#refuse(draft, time, request, resolve, (decided) => ({ ...decided, outcome: 'committed' }));
  }

  /** @param time ms, of the leaf; `id` of the subject that the event is about */
  decide(draft: Draft, time: number, request: EventRequest, id: SubjectId, resolve: Resolve<Sequenced | Gathered>): void {
    const subject = draft.working.get(id) ?? null;
    const spent = request.kind === 'passport' ? spentFactsOf(request.verified, request.client) : null;
    const find = (key: string): Spent | null => draft.spent.get(key) ?? this.#parts.spent.find(key);
    const ruling = ruleOn(
      { event: request.event, spent },
      subject,
      find,
      contextAt(this.#parts.world(), draft.next, time, request.event.sii),
    );
    if (ruling.outcome === 'repeat') {
      const standing = subject as Subject;
      draft.answers.push(() => resolve({ ...ruling, subject: standing }));
    } else if (ruling.outcome === 'moved') draft.answers.push(() => resolve(ruling));
    else if (ruling.outcome === 'refused') this.#refuseEvent(draft, time, request, id, resolve, ruling);
    else if (request.kind === 'connection' && !isThere(subject, request.event, time) && !this.#parts.rejects.budget.admits(request.client))
      throw new Refusal('over-budget');
    else this.#accept(draft, time, request, resolve, id, this.#withKey(ruling.subject, draft));
  }

  #withKey(subject: Subject, draft: Draft): Subject {
    if (subject.keySlot !== NO_KEY) return subject;
    draft.newSlots = true;
    return { ...subject, keySlot: this.#parts.vault.newSlot() };
  }

  #accept(
    draft: Draft,
    time: number,
    request: EventRequest,
    resolve: Resolve<Sequenced | Gathered>,
    id: SubjectId,
    subject: Subject,
  ): void {
    const { vault, random, gateway } = this.#parts;
    const { event, client } = request;
    const world = this.#parts.world();
    const index = draft.next;
    const opening = random(32);
    const verified = request.kind === 'passport' ? request.verified : null;
    const credential = verified === null || event.type !== 'register' ? null : this.#entryOf(verified);
    const leaf = acceptedLeaf({ event, verified, client, time, opening, gateway, versions: versionsOf(world) });
    const spent = verified === null ? null : spentFactsOf(verified, client);
    const sealed = vault.seal(
      subject.keySlot,
      sealingContext(index),
      encodeSealedEvent({ event, opening, mappingLifetime: world.mappingLifetime, spent, credential }),
    );
    // The last that may throw: from here on the draft has it, whole.
    const evidence = this.#sealEvidence(subject.keySlot, index, request);
    if (verified !== null) {
      const { claims, signer, signingDigest } = verified;
      const remembered = { index, signing: signingMark(signingDigest), client, exp: claims.exp };
      for (const key of spentKeys(signer, claims.jti, verified)) draft.spent.set(key, remembered);
      const [fingerprint] = signer.fingerprints;
      if (credential !== null && fingerprint !== undefined) draft.credentials.push([credentialId(fingerprint), credential]);
    }
    draft.put(id, subject, index);
    const owner = event.type === 'withdraw-by-connection' ? null : event.judgedUnder.providerOfRecord;
    const hash = draft.record({ leaf, sealed, keySlot: subject.keySlot }, { ids: [id], owner, area: areaOf(event.sii) }, evidence);
    draft.answers.push(() => resolve({ outcome: 'committed', index, time, leafHash: hash, subject }));
  }

  /** @throws Unavailable `overloaded` */
  #entryOf({ origin, signer }: VerifiedPassport): CredentialEntry {
    const { classes, book } = this.#parts;
    const [fingerprint = new Uint8Array()] = signer.fingerprints;
    const id = credentialId(fingerprint);
    const isKnown = (number: number | null): boolean => book.get(id).some((entry) => entry.class === number);
    if (book.isFull(id, origin) && !isKnown(classes.find(origin.class)))
      throw new Unavailable('overloaded', 'classes of one credential', null, 60);
    return { class: classes.numberOf(origin.class), serial: origin.serial };
  }

  #refuseEvent(
    draft: Draft,
    time: number,
    request: EventRequest,
    id: SubjectId,
    resolve: Resolve<Sequenced | Gathered>,
    { reason, step, detail }: Extract<Ruling, { readonly outcome: 'refused' }>,
  ): void {
    const { event } = request;
    const verified = request.kind === 'passport' ? request.verified : null;
    const known = knownOf(event, verified);
    // What was judged is refused under what it was judged under, though a later world is in force.
    const versions = verified?.judgedUnder ?? versionsOf(this.#parts.world());
    const record = draft.working.get(id)?.record ?? null;
    const { client, evidence } = request;
    this.#refuse(draft, time, { verdict: { reason, known, versions }, client, evidence, record }, resolve, (decided) => ({
      ...decided,
      outcome: 'refused',
      reason,
      step,
      detail,
    }));
  }

  /** A leaf of its own within the client's budget; beyond it a record of the client's next batch, without opening and evidence. */
  #refuse(
    draft: Draft,
    time: number,
    refused: Refused,
    resolve: Resolve<Sequenced | Gathered>,
    outcome: (decided: Omit<Committed, 'outcome'>) => Sequenced,
  ): void {
    const { verdict, client, record } = refused;
    const { budget, windows } = this.#parts.rejects;
    if (!budget.admits(client)) {
      const octets = batchedLeaf({ verdict, client, time, opening: this.#parts.random(32), gateway: this.#parts.gateway });
      const decide = async (): Promise<Sequenced> => outcome({ ...(await windows.gather(client, octets, verdict.reason)), subject: null });
      draft.answers.push(() => resolve({ outcome: 'gathered', decided: decide() }));
      return;
    }
    const index = draft.next;
    const opening = this.#parts.random(32);
    const keySlot = this.#slotForRefusals(draft, time);
    const leaf = refusedLeaf({ verdict, client, time, opening, gateway: this.#parts.gateway });
    const { sii, ssi, signer } = verdict.known;
    const owner = sii === null || signer === null ? null : this.#parts.world().verifier.providerOfRecord(sii, time, record);
    const sealed = this.#parts.vault.seal(keySlot, sealingContext(index), encodeSealedRefusal({ opening, sii, ssi }));
    const evidence = this.#sealEvidence(keySlot, index, refused);
    const hash = draft.record(
      { leaf, sealed, keySlot },
      { ids: sii === null ? [] : [subjectId(this.#parts.pepper, sii)], owner, area: sii === null ? null : areaOf(sii) },
      evidence,
    );
    draft.answers.push(() => resolve(outcome({ index, time, leafHash: hash, subject: null })));
  }

  #sealEvidence(keySlot: number, index: number, { evidence }: Submitted): Uint8Array {
    return this.#parts.vault.seal(keySlot, evidenceContext(index), evidence);
  }

  #slotForRefusals(draft: Draft, time: number): number {
    const day = Math.floor(time / DAY_MS);
    if (this.#refusalSlot?.day !== day) {
      this.#refusalSlot = { day, slot: this.#parts.vault.newSlot(day + this.#parts.world().refusalRetentionDays) };
      draft.newSlots = true;
    }
    return this.#refusalSlot.slot;
  }
}

interface Refused extends Submitted {
  readonly verdict: Pick<NotAccepted, 'reason' | 'known' | 'versions'>;
  readonly record: PortedRecord | null;
}

/** What is remembered of a PASSporT once it is accepted. */
export const spentFactsOf = ({ signingDigest, byReference }: VerifiedPassport, client: string): SpentFacts => ({
  signingDigest,
  client,
  byReference,
});

/** What a refusal of the sequencer says of an event. */
export const knownOf = (event: RegistryEvent, verified: VerifiedPassport | null): NotAccepted['known'] => ({
  action: verified?.claims.action ?? 'withdraw',
  sii: event.sii,
  ssi: 'ssi' in event ? event.ssi : null,
  signer: verified?.signer ?? null,
  passportDigest: verified?.passportDigest ?? null,
});

/** Whether a withdrawal takes anything away. @param time ms */
const isThere = (subject: Subject | null, event: RegistryEvent, time: number): boolean =>
  subject !== null &&
  'ssi' in event &&
  everyMapping(asOf(subject, time)).some((mapping) => mapping.provider === event.provider && ssiOf(mapping) === event.ssi);

/** In which an event is applied now. `sii` null: of an event about many. @param time ms */
export const contextAt = (
  world: Pick<World, 'verifier' | 'mappingLifetime'>,
  index: number,
  time: number,
  sii: string | null,
): TransitionContext => ({
  index,
  time,
  versions: world.verifier.versions,
  providerOfRecord: (ported) => (sii === null ? null : world.verifier.providerOfRecord(sii, time, ported)),
  mappingLifetime: world.mappingLifetime,
  keySlot: NO_KEY,
});
