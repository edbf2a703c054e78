import { encodeAddCheckpoint, signatureLine, verifyNote, type VerificationKey } from '../log/index.js';
import type { WitnessLink } from '../ports/index.js';
import { Refusal } from '../reasons/index.js';
import type { SignedCheckpoint } from './checkpoint-signer.js';

/** Consistency proof from a size to that of the checkpoint; none from 0, or from the size itself. */
export type Prove = (from: number) => Promise<readonly Uint8Array[]>;

/**
 * `cosigned`: by a line that was verified. `fork`: the witness knows another history, or a longer one, than this log's: evidence, an alarm.
 * `trouble`: no usable answer; the word says which.
 */
export type InquiryOutcome =
  | { readonly outcome: 'cosigned'; readonly line: string }
  | { readonly outcome: 'fork'; readonly detail: string }
  | { readonly outcome: 'trouble'; readonly detail: string };

/** What came back, or why nothing did. */
type Answered = { readonly status: number; readonly text: string } | InquiryOutcome;

const trouble = (detail: string): InquiryOutcome => ({ outcome: 'trouble', detail });
const fork = (detail: string): InquiryOutcome => ({ outcome: 'fork', detail });

/** One witness, and the size that it is thought to know. */
export class WitnessInquiry {
  readonly key: VerificationKey;
  readonly #link: WitnessLink;
  #known = 0;

  constructor(key: VerificationKey, link: WitnessLink) {
    this.key = key;
    this.#link = link;
  }

  /**
   * A witness that knows another size is asked once more, from there. Rejects for what the log's own tiles do not give: that is no witness's trouble.
   * @throws Refusal `log-corrupt`; whatever the storage says
   */
  async ask(signed: SignedCheckpoint, prove: Prove, signal: AbortSignal): Promise<InquiryOutcome> {
    const first = await this.#post(signed, prove, signal);
    if ('outcome' in first || first.status !== 409) return this.#judge(signed, first);
    const size = sizeOf(first.text);
    if (size === null) return trouble('its size is none');
    if (size > signed.size) return fork(`it knows ${size} entries, and ${signed.size} were signed here`);
    this.#known = size;
    return this.#judge(signed, await this.#post(signed, prove, signal));
  }

  async #post({ size, note }: SignedCheckpoint, prove: Prove, signal: AbortSignal): Promise<Answered> {
    const from = Math.min(this.#known, size);
    const asked = encodeAddCheckpoint({ oldSize: from, proof: await prove(from), checkpoint: note });
    try {
      return await this.#link.add(asked, signal);
    } catch (error) {
      if (error instanceof Refusal) return trouble(error.reason);
      return trouble(signal.aborted ? 'no answer in time' : 'not reached');
    }
  }

  #judge(signed: SignedCheckpoint, answer: Answered): InquiryOutcome {
    if ('outcome' in answer) return answer;
    const { status, text } = answer;
    // Of one size, another root: 422, or 409 by an earlier C2SP tlog-witness.
    const isOther = status === 409 && this.#known === signed.size && sizeOf(text) === this.#known;
    if (status === 422 || isOther) return fork(`what it knows at ${this.#known} entries is not what was signed here`);
    if (status !== 200) return trouble(`status ${status}`);
    const line = lineIn(`${textOf(signed.note)}\n${text}`, this.key);
    if (line === null) return trouble('its cosignature does not hold');
    this.#known = signed.size;
    return { outcome: 'cosigned', line };
  }
}

/** What was signed: the note up to its last empty line. */
export const textOf = (note: string): string => note.slice(0, note.lastIndexOf('\n\n') + 1);

const sizeOf = (text: string): number | null => {
  const digits = /^(0|[1-9][0-9]{0,15})\n?$/.exec(text)?.[1];
  return digits !== undefined && Number.isSafeInteger(Number(digits)) ? Number(digits) : null;
};

/** The line of a key in a note, verified; null where there is none that holds. Lines of others do not matter. */
export const lineIn = (note: string, key: VerificationKey): string | null => {
  try {
    const [verified] = verifyNote(note, [key]).lines;
    return verified === undefined ? null : signatureLine(verified.key.name, verified.key.id, verified.payload);
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
};
