import { formatCheckpoint, openCheckpoint, signNote, toVerificationKey, verifyConsistency } from '../log/index.js';
import type { NoteSigner, Register } from '../ports/index.js';
import { Refusal, Unavailable, refuse } from '../reasons/index.js';

export interface SignedCheckpoint {
  readonly size: number;
  readonly root: Uint8Array;
  /** With the log's own signature alone. */
  readonly note: string;
}

export interface CheckpointClaim {
  readonly size: number;
  readonly root: Uint8Array;
  /** Consistency proof from the checkpoint that was signed last; empty where that is of size 0 or of this one. */
  readonly proof: readonly Uint8Array[];
}

/**
 * The log's key, behind the one rule that it never breaks: what it signs continues what it signed before. It asks for the proof and verifies it
 * itself, so that a fault anywhere else in the gateway cannot publish a fork, a rollback or two roots for one size. Nothing is signed that the
 * register does not hold first: a crash between the two leaves a signature that nobody saw.
 */
export class CheckpointSigner {
  readonly #signer: NoteSigner;
  readonly #register: Register;
  #last: SignedCheckpoint | null;
  #failed = false;

  private constructor(signer: NoteSigner, register: Register, last: SignedCheckpoint | null) {
    this.#signer = signer;
    this.#register = register;
    this.#last = last;
  }

  /** @throws Refusal `log-corrupt` when the register holds no checkpoint of this log and key */
  static async open(signer: NoteSigner, register: Register): Promise<CheckpointSigner> {
    const octets = await register.read();
    return new CheckpointSigner(signer, register, octets === null ? null : readSigned(octets, signer));
  }

  /** The newest that was signed. */
  get last(): SignedCheckpoint | null {
    return this.#last;
  }

  /**
   * @throws Refusal `consistency-failed` for what does not continue the last one; nothing is signed or written then.
   * @throws Unavailable `log-unavailable` from the first write that fails: what the register holds is in doubt until a restart
   */
  async sign({ size, root, proof }: CheckpointClaim): Promise<SignedCheckpoint> {
    if (this.#failed) throw new Unavailable('log-unavailable', 'the signer has stopped', null, 30);
    const last = this.#last;
    if (last !== null && last.size > 0) verifyConsistency({ size1: last.size, size2: size, root1: last.root, root2: root, proof });
    else if (last !== null && size === 0 && Buffer.compare(last.root, root) !== 0) return refuse('consistency-failed', 'root');
    // Ed25519 gives one text one signature.
    if (last?.size === size) return last;
    const note = signNote(formatCheckpoint({ origin: this.#signer.name, size, root }), [this.#signer]);
    // Claimed before the write: of two that are asked for at once the second must continue the first.
    const signed = { size, root, note };
    this.#last = signed;
    try {
      await this.#register.write(Buffer.from(note));
    } catch (error) {
      this.#failed = true;
      throw error;
    }
    return signed;
  }
}

const readSigned = (octets: Uint8Array, signer: NoteSigner): SignedCheckpoint => {
  try {
    const { size, root } = openCheckpoint(octets, toVerificationKey(signer.name, signer.publicKey));
    return { size: Number(size), root, note: Buffer.from(octets).toString('utf8') };
  } catch (error) {
    if (error instanceof Refusal) return refuse('log-corrupt', 'last-signed is not a checkpoint of this log and key');
    throw error;
  }
};
