import { setImmediate as turn } from 'node:timers/promises';
import type { MappingPlace } from '../log/index.js';
import type { MappingStore, SubjectId, Vault, WriteAheadLog } from '../ports/index.js';
import { everyMapping, unpackSubject, type RevokeEvent } from '../registry/index.js';
import { worstOf, type Fall } from '../verification/index.js';
import { credentialIdOfMapping, type CredentialBook, type CredentialId } from './credential-book.js';
import type { RevocationRequest } from './sweep-decision.js';
import { readJournalEntry } from './journal.js';
import type { Fallen, Standings } from './judged-book.js';
import { firstLeafSince } from './leaf-time.js';
import type { Sequencer } from './sequencer.js';
import { versionsOf } from './world.js';

/** Subjects looked at in one go: some 2 ms. */
const SLICE = 256;
/** Mappings of one leaf: as many as one commit takes some 20 ms for, so that a lookup never waits long; a format's leaf holds four times as many. */
const LEAF = 1024;
/** From here on single look-ups in the log are cheaper than reading past what lies between. */
const SPARSE = 64;

export interface SweepParts {
  readonly store: MappingStore;
  readonly wal: WriteAheadLog;
  readonly vault: Vault;
  readonly book: CredentialBook;
  readonly sequencer: Pick<Sequencer, 'revoke'>;
  /** Judges the book anew where a later world has come meanwhile; null: none has. */
  readonly renewed: () => Promise<{ readonly standings: Standings; readonly fallen: Fallen } | null>;
  /** True: nothing more is to be begun. */
  readonly stopped: () => boolean;
  readonly count: (effect: RevokeEvent['effect'], reason: Fall['reason'], mappings: number) => void;
}

interface Group {
  readonly request: Omit<RevocationRequest, 'places' | 'judgedUnder'>;
  places: MappingPlace[];
}

interface Found extends MappingPlace {
  readonly fall: Fall;
}

interface Asked extends MappingPlace {
  readonly credential: CredentialId;
}

/**
 * One walk over the store: finds the mappings of credentials that no longer stand, and has them removed or marked, some at a time, between other
 * commits. It sees every mapping that was there when it began; what is registered meanwhile was judged under the world of the walk or a later one.
 */
export class Sweep {
  readonly #parts: SweepParts;
  #standings: Standings;
  #fallen: Fallen;
  #groups = new Map<string, Group>();
  /** Of the slice that is looked at. */
  #found: Found[] = [];
  #asked: Asked[] = [];
  readonly #thresholds = new Map<number, number>();
  #inFlight: Promise<void> = Promise.resolve();
  #failure: Error | null = null;
  #isWhole = true;
  #unknown = 0;

  constructor(parts: SweepParts, standings: Standings, fallen: Fallen) {
    this.#parts = parts;
    this.#standings = standings;
    this.#fallen = fallen;
  }

  /** Mappings whose credential nobody knows: they are passed over, since one must not keep others from falling. */
  get unknown(): number {
    return this.#unknown;
  }

  /**
   * False when a later world came, or it was stopped: what it began with was not looked for everywhere.
   * @throws Unavailable when store or log cannot be had
   */
  async run(): Promise<boolean> {
    let looked = 0;
    for await (const [id, packed] of this.#parts.store.entries()) {
      this.#look(id, packed);
      looked += 1;
      if (looked % SLICE === 0 && !(await this.#turn())) return false;
    }
    await this.#takeFound();
    await this.#answerAsked();
    for (const group of this.#groups.values()) await this.#submit(group);
    await this.#settle();
    return this.#isWhole;
  }

  /** Lets others have their turn. False: stop. */
  async #turn(): Promise<boolean> {
    await this.#takeFound();
    await turn();
    if (this.#failure !== null) await this.#settle();
    if (this.#parts.stopped()) {
      await this.#settle();
      return false;
    }
    const renewed = await this.#parts.renewed();
    if (renewed === null) return true;
    // The walk goes on, so that its end is reached however fast worlds follow each other; what was found under the one before is found again.
    this.#isWhole = false;
    this.#standings = renewed.standings;
    this.#fallen = renewed.fallen;
    this.#groups = new Map();
    this.#asked = [];
    return true;
  }

  #look(id: SubjectId, packed: Uint8Array): void {
    const { book } = this.#parts;
    for (const { credential: hex, leafIndex: index } of everyMapping(unpackSubject(packed))) {
      const credential = credentialIdOfMapping(hex);
      const judged = this.#fallen.get(credential);
      if (judged?.fall === 'ask') this.#asked.push({ id, index, credential });
      else if (judged !== undefined) this.#found.push({ id, index, fall: judged.fall });
      if (!book.see(credential)) this.#unknown += 1;
    }
  }

  async #takeFound(): Promise<void> {
    const found = this.#found;
    this.#found = [];
    for (const { id, index, fall } of found) await this.#fall({ id, index }, fall);
  }

  async #fall(place: MappingPlace, fall: Fall): Promise<void> {
    const spared = fall.since !== null && place.index < (await this.#thresholdOf(fall.since));
    const effect = spared ? 'marked' : fall.effect;
    const { reason, crl, crlReason } = fall;
    const key = [effect, reason, crl, crlReason].join(' ');
    let group = this.#groups.get(key);
    if (group === undefined)
      this.#groups.set(key, (group = { request: { kind: 'revocation', effect, cause: { reason, crl, crlReason } }, places: [] }));
    group.places.push(place);
    if (group.places.length >= LEAF) await this.#submit(group);
  }

  /** The first leaf from that second on. */
  async #thresholdOf(since: number): Promise<number> {
    let threshold = this.#thresholds.get(since);
    if (threshold === undefined) this.#thresholds.set(since, (threshold = await firstLeafSince(this.#parts.wal, since * 1000)));
    return threshold;
  }

  /** One commit at a time: the walk goes on while it is written. */
  async #submit(group: Group): Promise<void> {
    const { places, request } = group;
    group.places = [];
    if (places.length === 0) return;
    await this.#settle();
    this.#inFlight = this.#commit({ ...request, places, judgedUnder: versionsOf(this.#standings.world) });
  }

  /** Never rejects: what failed is thrown where the walk waits for it. */
  async #commit(request: RevocationRequest): Promise<void> {
    try {
      const revoked = await this.#parts.sequencer.revoke(request);
      if (revoked.outcome === 'moved') this.#isWhole = false;
      else this.#parts.count(request.effect, request.cause.reason, revoked.count);
    } catch (error) {
      this.#failure ??= error as Error;
    }
  }

  async #settle(): Promise<void> {
    await this.#inFlight;
    if (this.#failure !== null) throw this.#failure;
  }

  /** Whether these fall depends on what they are about, which their registrations say: read in the order of the log. */
  async #answerAsked(): Promise<void> {
    const asked = this.#asked.toSorted((a, b) => a.index - b.index);
    const [first, last] = [asked[0], asked.at(-1)];
    if (first === undefined || last === undefined) return;
    const { wal } = this.#parts;
    if (last.index - first.index > SPARSE * asked.length) {
      for (const one of asked) await this.#answerOne(one, await wal.get(one.index));
      return;
    }
    let next = 0;
    for await (const { index, record } of wal.read(first.index)) {
      const one = asked[next];
      if (one === undefined) break;
      if (index % SLICE === 0) await turn();
      if (one.index !== index) continue;
      await this.#answerOne(one, record);
      next += 1;
    }
  }

  async #answerOne({ id, index, credential }: Asked, record: Awaited<ReturnType<WriteAheadLog['get']>>): Promise<void> {
    const { sealed } = readJournalEntry(this.#parts.vault, index, record);
    const fall =
      sealed === null || sealed.credential === null ? this.#ofErased(credential) : this.#standings.of(sealed.credential, sealed.event.sii);
    if (fall !== null && fall !== 'ask') await this.#fall({ id, index }, fall);
  }

  /** What its subject's erasure has taken away can no longer be asked: then the worst that may be true of the credential is. */
  #ofErased(credential: CredentialId): Fall | null {
    const entries = this.#parts.book.get(credential);
    const falls = entries.map((entry) => this.#standings.of(entry, null));
    return worstOf(falls.filter((fall) => fall !== 'ask'));
  }
}
