import type { VerificationKey } from '../log/index.js';
import type { Clock, WitnessLink } from '../ports/index.js';
import type { SignedCheckpoint } from './checkpoint-signer.js';
import { WitnessInquiry, lineIn, textOf, type InquiryOutcome, type Prove } from './witness-inquiry.js';

/** The times of asking witnesses, in ms (standards: transparency 4.8). */
export const WITNESS_TIMES = {
  /** For all of them together, a second question included: who waits for a proof waits for this. */
  answer: 2_000,
  /** After the quorum is there, for the others. */
  grace: 500,
  /** Between two checkpoints: public witnesses are promised a rate. */
  interval: 5_000,
  /** Between two questions about one checkpoint, while a cosignature is missing. */
  retry: 30_000,
  /** The same while none is missing: how old a cosignature of an idle log gets. */
  idle: 600_000,
  /** How long a checkpoint is held back for the quorum; then it is published without. */
  hold: 30_000,
} as const;

export interface WitnessEntry {
  readonly key: VerificationKey;
  readonly link: WitnessLink;
}

export interface WitnessState {
  readonly name: string;
  /** Seconds since it cosigned; null: not since the start. */
  readonly age: number | null;
  /** It knows another history of this log. Stays until it cosigns again, or a restart. */
  readonly fork: boolean;
}

/** What an operator is told. */
export type WitnessEvent =
  | { readonly event: 'fork' | 'trouble' | 'well'; readonly witness: string; readonly detail: string }
  | { readonly event: 'unwitnessed' | 'witnessed'; readonly detail: string };

interface Member {
  readonly inquiry: WitnessInquiry;
  /** The newest cosignature, and the text that it is for. */
  line: { readonly text: string; readonly line: string } | null;
  at: number | null;
  last: InquiryOutcome | null;
  /** Until it cosigns again, whatever else it says or does not. */
  forked: boolean;
}

/**
 * Gathers cosignatures of the log's checkpoints. Sequencing and serving never wait for it (fails open, said aloud): a checkpoint that the quorum
 * does not cosign is held back for some seconds, then published without; the alarm is raised at once, and clients decide by their own policy.
 */
export class Witnessing {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #report: (event: WitnessEvent) => void;
  #members: readonly Member[] = [];
  #quorum = 0;
  #asked = Number.NEGATIVE_INFINITY;
  /** Since when the quorum is missing; null: it is there. */
  #lacking: number | null = null;

  constructor(clock: Pick<Clock, 'monotonic'>, report: (event: WitnessEvent) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  /** Who is asked from now on. A witness that stays keeps what it is known to know. */
  use(entries: readonly WitnessEntry[], quorum: number): void {
    const before = new Map(this.#members.map((member) => [keyOf(member.inquiry.key), member]));
    this.#members = entries.map(({ key, link }) => {
      const known = before.get(keyOf(key));
      const { line = null, at = null, forked = false } = known ?? {};
      return { inquiry: new WitnessInquiry(key, link), line, at, last: null, forked };
    });
    this.#quorum = quorum;
    this.#asked = Number.NEGATIVE_INFINITY;
  }

  get isUsed(): boolean {
    return this.#members.length > 0;
  }

  /** A checkpoint that was signed waits for its quorum. */
  get isHolding(): boolean {
    return this.#lacking !== null && this.#clock.monotonic() - this.#lacking < WITNESS_TIMES.hold;
  }

  /** Whether a new checkpoint may be shown to witnesses now. */
  get mayAsk(): boolean {
    return this.#clock.monotonic() - this.#asked >= WITNESS_TIMES.interval;
  }

  /** Whether the published checkpoint is due to be cosigned again. */
  isDue(note: string): boolean {
    if (!this.isUsed) return false;
    const whole = this.#members.every(({ line }) => line?.text === textOf(note));
    return this.#clock.monotonic() - this.#asked >= (whole ? WITNESS_TIMES.idle : WITNESS_TIMES.retry);
  }

  /** Cosignatures of a checkpoint that an earlier run published. */
  remember(note: string): void {
    const text = textOf(note);
    for (const member of this.#members) {
      const line = lineIn(note, member.inquiry.key);
      if (line !== null) member.line ??= { text, line };
    }
  }

  /**
   * The checkpoint with the cosignatures it has got, or null: it is held back for its quorum. Rejects for the log's own
   * faults, never for what a witness does.
   */
  async cosigned(signed: SignedCheckpoint, prove: Prove): Promise<string | null> {
    if (!this.isUsed) return signed.note;
    this.#asked = this.#clock.monotonic();
    const text = textOf(signed.note);
    await this.#ask(signed, prove);
    const lines = this.#members.flatMap(({ line }) => (line?.text === text ? [line.line] : []));
    this.#judge(lines.length);
    return this.isHolding ? null : signed.note + lines.join('');
  }

  remarks(): readonly string[] {
    const forks = this.#members.filter(({ forked }) => forked);
    return [
      ...forks.map(({ inquiry }) => `the witness ${inquiry.key.name} knows another history of this log: see the log of the gateway`),
      ...(this.#lacking === null ? [] : ['checkpoints lack the cosignatures of the quorum: see signpost_witness_cosignature_age_seconds']),
    ];
  }

  get isUnwitnessed(): boolean {
    return this.#lacking !== null;
  }

  states(): readonly WitnessState[] {
    const now = this.#clock.monotonic();
    return this.#members.map(({ inquiry, at, forked }) => ({
      name: inquiry.key.name,
      age: at === null ? null : (now - at) / 1000,
      fork: forked,
    }));
  }

  vkeys(): readonly VerificationKey[] {
    return this.#members.map(({ inquiry }) => inquiry.key);
  }

  /** Ends when all have answered, or the quorum and a little later, or the time is up. */
  async #ask(signed: SignedCheckpoint, prove: Prove): Promise<void> {
    const members = this.#members;
    const deadline = new AbortController();
    const timers = [setTimeout(() => deadline.abort(), WITNESS_TIMES.answer)];
    let cosigned = 0;
    let left = members.length;
    const enough = new Promise<void>((resolve, reject) => {
      deadline.signal.addEventListener('abort', () => resolve());
      const ask = async (member: Member): Promise<void> => {
        if (await this.#askOne(member, signed, prove, deadline.signal)) cosigned += 1;
        if (cosigned === this.#quorum) timers.push(setTimeout(resolve, WITNESS_TIMES.grace));
        left -= 1;
        if (left === 0) resolve();
      };
      for (const member of members) ask(member).catch(reject);
    });
    try {
      await enough;
    } finally {
      for (const timer of timers) clearTimeout(timer);
      deadline.abort();
    }
  }

  async #askOne(member: Member, signed: SignedCheckpoint, prove: Prove, signal: AbortSignal): Promise<boolean> {
    const answer = await member.inquiry.ask(signed, prove, signal);
    this.#tell(member, answer);
    member.last = answer;
    if (answer.outcome === 'fork') member.forked = true;
    if (answer.outcome !== 'cosigned') return false;
    member.forked = false;
    member.line = { text: textOf(signed.note), line: answer.line };
    member.at = this.#clock.monotonic();
    return true;
  }

  /** What is new about a witness, once; a fork every time. */
  #tell({ inquiry, last }: Member, answer: InquiryOutcome): void {
    const witness = inquiry.key.name;
    if (answer.outcome === 'fork') this.#report({ event: 'fork', witness, detail: answer.detail });
    else if (answer.outcome === 'trouble' && last?.outcome !== 'trouble')
      this.#report({ event: 'trouble', witness, detail: answer.detail });
    else if (answer.outcome === 'cosigned' && last !== null && last.outcome !== 'cosigned')
      this.#report({ event: 'well', witness, detail: 'it cosigns again' });
  }

  #judge(cosignatures: number): void {
    const detail = `${cosignatures} of ${this.#quorum} cosignatures`;
    if (cosignatures >= this.#quorum) {
      if (this.#lacking !== null) this.#report({ event: 'witnessed', detail });
      this.#lacking = null;
    } else if (this.#lacking === null) {
      this.#lacking = this.#clock.monotonic();
      this.#report({ event: 'unwitnessed', detail });
    }
  }
}

const keyOf = ({ name, id }: VerificationKey): string => `${name} ${id}`;
