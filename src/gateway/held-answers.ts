import type { Clock, SubjectId } from '../ports/index.js';
import { changeOf, type AnswerChange, type Question, type Subject } from '../registry/index.js';
import { ChangeFeed, type ChangeReader } from './change-feed.js';
import type { HeldAnswersState } from './use-cases.js';

export interface HeldAnswersBounds {
  /** Held answers and kept changes together, in all and of one caller. */
  readonly inAll: number;
  readonly perCaller: number;
  readonly perSubject: number;
  /** Of one caller about one subject: views, and circles. */
  readonly perCallerAndSubject: number;
}

/** docs/adr/0016, bounds. */
const BOUNDS: HeldAnswersBounds = { inAll: 400_000, perCaller: 100_000, perSubject: 1024, perCallerAndSubject: 8 };

/** ms that an answer may be under way: its ttl begins where it arrives. */
const TRANSIT = 1000;

/** Freed in one go: more than a lookup adds, and little beside it, though all should run out together. */
const SLICE = 64;

/** ms: the longest ttl that policy may set; what a run before this one told has ended by then. */
const LONGEST_TTL = 86_400_000;

export interface HeldAnswersParts {
  readonly clock: Clock;
  /** Counts the starts on a data directory; 1: nobody was ever answered before. */
  readonly epoch: number;
  /** Seconds: the longest ttl of any answer. */
  readonly longestTtl: () => number;
  readonly bounds?: HeldAnswersBounds;
}

interface Caller {
  readonly domain: string;
  readonly feed: ChangeFeed;
  count: number;
}

interface Holding {
  readonly sii: string;
  readonly answers: HeldAnswer[];
}

/** A question and how long its answer may be used. */
export interface HeldAnswer extends Question {
  readonly id: SubjectId;
  readonly caller: Caller;
  /** ms on the clock that never steps. */
  until: number;
  phase: 'asked' | 'held' | 'over';
  /** It changed while it was being answered. */
  overtaken: boolean;
}

/** What may have run out: an answer, or what is kept for a caller. */
type Due = HeldAnswer | Caller;

/**
 * Who holds an unexpired answer, and what they are told when it changes (docs/adr/0016). In memory alone, and bounded: an answer for which there
 * is no room gets a ttl of 0.
 */
export class HeldAnswers {
  readonly #parts: HeldAnswersParts;
  readonly #bounds: HeldAnswersBounds;
  readonly #startedAt: number;
  readonly #callers = new Map<string, Caller>();
  readonly #subjects = new Map<SubjectId, Holding>();
  /** By the second in which they are to be looked at. */
  readonly #due = new Map<number, Due[]>();
  #lookedAt = 0;
  #count = 0;
  #told = 0;
  #unheld = 0;
  #resets = 0;

  constructor(parts: HeldAnswersParts) {
    this.#parts = parts;
    this.#bounds = parts.bounds ?? BOUNDS;
    this.#startedAt = parts.clock.monotonic();
  }

  get state(): HeldAnswersState {
    return { kept: this.#count, told: this.#told, unheld: this.#unheld, resets: this.#resets };
  }

  /** To be called before the subject is read; then `settle`, or `drop` where there is no answer. */
  ask(client: string, id: SubjectId, sii: string, { view, circle }: Question): HeldAnswer {
    const now = this.#look();
    const until = now + this.#parts.longestTtl() * 1000 + TRANSIT;
    const answer: HeldAnswer = { id, caller: this.#callerOf(client), view, circle, until, phase: 'asked', overtaken: false };
    const holding = this.#subjects.get(id);
    if (holding === undefined) this.#subjects.set(id, { sii, answers: [answer] });
    else holding.answers.push(answer);
    return answer;
  }

  /** The seconds that the answer may be used: `ttl`, or 0 where a change could not be told. */
  settle(answer: HeldAnswer, ttl: number): number {
    const others = this.#subjects.get(answer.id)?.answers ?? [];
    const until = this.#parts.clock.monotonic() + ttl * 1000 + TRANSIT;
    if (answer.overtaken || ttl <= 0) {
      this.drop(answer);
      return 0;
    }
    const ofCaller = others.filter(({ caller, phase }) => caller === answer.caller && phase === 'held');
    const same = ofCaller.find(({ view, circle }) => view === answer.view && circle === answer.circle);
    if (same !== undefined) {
      same.until = Math.max(same.until, until);
      this.drop(answer);
      return ttl;
    }
    if (!this.#hasRoom(answer, others, ofCaller.length)) {
      this.#unheld += 1;
      this.drop(answer);
      return 0;
    }
    answer.phase = 'held';
    answer.until = until;
    answer.caller.count += 1;
    this.#count += 1;
    this.#lookAt(answer, until);
    return ttl;
  }

  /** Of a question that has no answer; one that was settled stays. */
  drop(answer: HeldAnswer): void {
    if (answer.phase === 'asked') this.#end(answer);
  }

  /** A commit made `after` of `before`, and the store has it: who holds another answer is told. `now`: ms since 1970. */
  changed(id: SubjectId, before: Subject | null, after: Subject, now: number): void {
    const holding = this.#subjects.get(id);
    if (holding === undefined) return;
    const at = this.#look();
    const changes = new Map<string, AnswerChange>();
    for (const answer of holding.answers.slice()) {
      const key = `${answer.view} ${answer.circle ?? ''}`;
      let change = changes.get(key);
      if (change === undefined) changes.set(key, (change = changeOf(before, after, { view: answer.view, circle: answer.circle }, now)));
      if (answer.until <= at || !(change.differs || at + change.endsIn < answer.until)) continue;
      if (answer.phase === 'asked') answer.overtaken = true;
      else this.#tell(answer, holding.sii, at);
    }
  }

  /** What `client` is told from now on, and what is kept of before. */
  read(client: string, after: string | null, wake: () => void): ChangeReader {
    const { epoch } = this.#parts;
    const unsure = epoch > 1 && this.#look() - this.#startedAt < LONGEST_TTL;
    const reader = this.#callerOf(client).feed.read(after, unsure, wake);
    if (reader.isReset) this.#resets += 1;
    return reader;
  }

  #callerOf(domain: string): Caller {
    let caller = this.#callers.get(domain);
    if (caller === undefined) this.#callers.set(domain, (caller = { domain, feed: new ChangeFeed(this.#parts.epoch), count: 0 }));
    return caller;
  }

  #hasRoom({ caller }: HeldAnswer, others: readonly HeldAnswer[], ofCaller: number): boolean {
    const { inAll, perCaller, perSubject, perCallerAndSubject } = this.#bounds;
    return this.#count < inAll && caller.count < perCaller && others.length <= perSubject && ofCaller < perCallerAndSubject;
  }

  /** What was held becomes what is kept of having told it, in the same room. */
  #tell(answer: HeldAnswer, sii: string, at: number): void {
    const { caller } = answer;
    const until = Math.max(answer.until, at + this.#parts.longestTtl() * 1000 + TRANSIT);
    this.#end(answer);
    this.#told += 1;
    this.#lookAt(caller, until);
    caller.feed.push(sii, until);
  }

  /** Its room is free, or its event's. */
  #end(answer: HeldAnswer): void {
    answer.phase = 'over';
    const holding = this.#subjects.get(answer.id);
    if (holding === undefined) return;
    const { answers } = holding;
    const place = answers.indexOf(answer);
    const last = answers.pop();
    if (last !== undefined && last !== answer) answers[place] = last;
    if (answers.length === 0) this.#subjects.delete(answer.id);
  }

  #lookAt(what: Due, until: number): void {
    const second = Math.ceil(until / 1000);
    const due = this.#due.get(second);
    if (due === undefined) this.#due.set(second, [what]);
    else due.push(what);
  }

  /** Frees what has run out, a slice at a time. The time, ms. */
  #look(): number {
    const now = this.#parts.clock.monotonic();
    const second = Math.floor(now / 1000);
    if (second <= this.#lookedAt) return now;
    let left = SLICE;
    for (const [at, due] of this.#due) {
      if (at > second) continue;
      for (; left > 0 && due.length > 0; left -= 1) this.#release(due.pop() as Due, now);
      if (due.length > 0) return now;
      this.#due.delete(at);
    }
    this.#lookedAt = second;
    return now;
  }

  #release(what: Due, now: number): void {
    if (!('phase' in what)) {
      this.#free(what, what.feed.drop(now));
      return;
    }
    if (what.phase !== 'held') return;
    if (what.until > now) {
      this.#lookAt(what, what.until);
      return;
    }
    this.#end(what);
    this.#free(what.caller, 1);
  }

  #free(caller: Caller, places: number): void {
    caller.count -= places;
    this.#count -= places;
  }
}
