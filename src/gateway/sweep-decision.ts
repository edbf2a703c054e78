import { MOST_FELL, digestOfPlaces, packPlaces, type MappingPlace } from '../log/index.js';
import type { SubjectId } from '../ports/index.js';
import {
  asOf,
  everyMapping,
  fallsBy,
  ranOut,
  transition,
  type Mapping,
  type RevokeEvent,
  type Subject,
  type SweepEvent,
} from '../registry/index.js';
import type { Fall, Versions } from '../verification/index.js';
import { contextAt, type DecisionParts } from './decision.js';
import type { Draft } from './draft.js';
import { sealingContext } from './journal.js';
import { sweptLeaf } from './leaf-record.js';
import { encodeSealedSweep, type SweepEffect } from './sealed-sweep.js';
import { versionsOf } from './world.js';

/** Mappings whose credentials no longer stand, for one cause. */
export interface RevocationRequest {
  readonly kind: 'revocation';
  readonly effect: RevokeEvent['effect'];
  readonly cause: Pick<Fall, 'reason' | 'crl' | 'crlReason'>;
  /** At most MOST_FELL. */
  readonly places: readonly MappingPlace[];
  /** Under which they were found to have fallen. */
  readonly judgedUnder: Versions;
}

/** Subjects of which something is stored that has run out. */
export interface ExpiryRequest {
  readonly kind: 'expiry';
  readonly subjects: readonly SubjectId[];
}

export type Revoked =
  /** How many mappings fell: those that were still there. Without any there is no leaf. */
  { readonly outcome: 'revoked'; readonly count: number } | { readonly outcome: 'moved' };

type Resolve<T> = (outcome: T) => void;

/** Decisions about many mappings at once: what fell with its credential, and what ran out. */
export class SweepDecisions {
  readonly #parts: DecisionParts;

  constructor(parts: DecisionParts) {
    this.#parts = parts;
  }

  /** One leaf for all of the places that are still as they were found. */
  revoke(draft: Draft, time: number, request: RevocationRequest, resolve: Resolve<Revoked>): void {
    const { effect, cause, places, judgedUnder } = request;
    if (places.length > MOST_FELL) throw new RangeError('too many mappings for one leaf');
    const world = this.#parts.world();
    const registrations = new Set(places.map(({ index }) => index));
    const attestBy = Math.floor(time / 1000) + world.attestGrace;
    const event: RevokeEvent = { type: 'revoke', registrations, effect, attestBy, judgedUnder };
    const context = contextAt(this.#parts.world(), draft.next, time, null);
    const swept = new Swept();
    for (const [id, own] of bySubject(places)) {
      const before = draft.working.get(id) ?? null;
      const result = transition(before, event, context);
      if (result.outcome === 'moved') {
        draft.answers.push(() => resolve({ outcome: 'moved' }));
        return;
      }
      if (before === null || result.outcome !== 'applied') continue;
      const fallen = everyMapping(asOf(before, time)).filter((mapping) => fallsBy(event, mapping, time));
      const named = new Set(own.map(({ index }) => index));
      swept.add(
        id,
        result.subject,
        fallen.filter(({ leafIndex }) => named.has(leafIndex)),
      );
    }
    this.#record(draft, time, swept, { effect, cause, attestBy });
    draft.answers.push(() => resolve({ outcome: 'revoked', count: swept.places.length }));
  }

  /** One leaf for all that has run out of these subjects, as far as one leaf goes; how many mappings that were is the answer. */
  expire(draft: Draft, time: number, { subjects }: ExpiryRequest, resolve: Resolve<number>): void {
    const context = contextAt(this.#parts.world(), draft.next, time, null);
    const swept = new Swept();
    for (const id of subjects) {
      const before = draft.working.get(id) ?? null;
      const gone = before === null ? [] : ranOut(before, time);
      if (swept.places.length + gone.length > MOST_FELL) break;
      const event: SweepEvent = { type: 'expire', registrations: new Set(gone.map(({ leafIndex }) => leafIndex)) };
      const result = transition(before, event, context);
      if (result.outcome === 'applied') swept.add(id, result.subject, gone);
    }
    this.#record(draft, time, swept, { effect: 'expired', cause: null, attestBy: 0 });
    draft.answers.push(() => resolve(swept.places.length));
  }

  /** Without any that fell there is no leaf. */
  #record(draft: Draft, time: number, swept: Swept, { effect, cause, attestBy }: SweepTerms): void {
    const list = swept.places.toSorted((a, b) => a.index - b.index);
    if (list.length === 0) return;
    const { vault, random, gateway, world } = this.#parts;
    const index = draft.next;
    const opening = random(32);
    const packed = packPlaces(list);
    // A key of its own, so that the erasure of one subject leaves the others' entry whole.
    draft.newSlots = true;
    const keySlot = vault.newSlot();
    const digest = digestOfPlaces(packed);
    const leaf = sweptLeaf({ effect, cause, count: list.length, digest, time, opening, gateway, versions: versionsOf(world()) });
    const sealed = vault.seal(keySlot, sealingContext(index), encodeSealedSweep({ opening, effect, attestBy }, packed));
    draft.record({ leaf, sealed, keySlot }, { ids: [...swept.next.keys()], owner: null, area: null });
    for (const [id, subject] of swept.next) draft.put(id, subject, index);
  }
}

interface SweepTerms {
  readonly effect: SweepEffect;
  readonly cause: RevocationRequest['cause'] | null;
  readonly attestBy: number;
}

/** What one leaf is about to say: the mappings, and their subjects without them. */
class Swept {
  readonly next = new Map<SubjectId, Subject>();
  readonly places: MappingPlace[] = [];

  add(id: SubjectId, subject: Subject, fell: readonly Mapping[]): void {
    this.next.set(id, subject);
    for (const { leafIndex } of fell) this.places.push({ id, index: leafIndex });
  }
}

const bySubject = (places: readonly MappingPlace[]): ReadonlyMap<SubjectId, MappingPlace[]> => {
  const groups = new Map<SubjectId, MappingPlace[]>();
  for (const place of places) {
    const group = groups.get(place.id);
    if (group === undefined) groups.set(place.id, [place]);
    else group.push(place);
  }
  return groups;
};
