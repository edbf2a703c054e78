import {
  EMPTY_ROOT,
  KEY_TYPE,
  cosign,
  parseAddCheckpoint,
  parseCheckpoint,
  signatureLine,
  toVerificationKey,
  unverifiedText,
  verifyConsistency,
  verifyNote,
  type AddCheckpoint,
  type Checkpoint,
  type Count,
  type VerificationKey,
} from '../log/index.js';
import type { Clock, NoteSigner, Register } from '../ports/index.js';
import { Refusal, Unavailable, refuse } from '../reasons/index.js';

/*
 * A C2SP tlog-witness. Writes, and what a crash after each leaves:
 *  1 the cosigned checkpoint, to the origin's register    a cosignature that nobody saw: the log asks again from that size
 *  2 (the answer)
 * Check and write are one turn of the origin: of two requests at once the second sees what the first has written.
 */

export interface WitnessParts {
  readonly signer: NoteSigner;
  /** Keys of the logs that are witnessed; several of one origin where its key changes. */
  readonly logs: readonly VerificationKey[];
  /** Must never go back to an older state: not from a backup. */
  readonly registerOf: (origin: string) => Register;
  readonly clock: Pick<Clock, 'now'>;
}

/** What became of a checkpoint. `behind`: the log's idea of what the witness knows is not what it knows. */
export type WitnessAnswer = { readonly outcome: 'cosigned'; readonly lines: string } | { readonly outcome: 'behind'; readonly size: Count };

/** What was cosigned last of one origin. */
interface Cosigned extends Checkpoint {
  readonly text: string;
  readonly note: string;
  readonly line: string;
  readonly time: bigint;
}

interface WitnessedLog {
  readonly keys: VerificationKey[];
  readonly register: Register;
  last: Cosigned | null;
  /** A write that failed may be on the disk or not: nothing is cosigned until a restart has read which. */
  failed: boolean;
  turn: Promise<unknown>;
}

/**
 * Cosigns checkpoints of the logs it knows. Proves, by each cosignature: the log signed it, and it continues everything of this log that was
 * cosigned before; so two logs cannot be shown under one origin and one witness. Says nothing about what is in the log.
 */
export class Witness {
  readonly #signer: NoteSigner;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #logs: ReadonlyMap<string, WitnessedLog>;

  private constructor({ signer, clock }: WitnessParts, logs: ReadonlyMap<string, WitnessedLog>) {
    this.#signer = signer;
    this.#clock = clock;
    this.#logs = logs;
  }

  /** @throws Refusal `log-corrupt` when what is kept of an origin was not cosigned by this witness */
  static async open(parts: WitnessParts): Promise<Witness> {
    const logs = new Map<string, WitnessedLog>();
    for (const key of parts.logs) {
      const known = logs.get(key.name);
      if (known === undefined) logs.set(key.name, await openLog(parts, key));
      else known.keys.push(key);
    }
    return new Witness(parts, logs);
  }

  get origins(): readonly string[] {
    return [...this.#logs.keys()];
  }

  /** The checkpoint that was cosigned last, with the log's signature and ours, or null. */
  checkpoint(origin: string): string | null {
    return this.#logs.get(origin)?.last?.note ?? null;
  }

  /**
   * C2SP tlog-witness, add-checkpoint.
   * @throws Refusal `malformed-request`, `malformed-note`, `malformed-checkpoint`; `not-found` for an origin that is not witnessed;
   * `untrusted-note` without a good signature of the log; `consistency-failed` for a fork or a bad proof. Nothing is written then.
   * @throws Unavailable `log-unavailable` from the first write that fails
   */
  async add(body: Uint8Array): Promise<WitnessAnswer> {
    const request = parseAddCheckpoint(body);
    const claimed = parseCheckpoint(unverifiedText(request.checkpoint));
    const log = this.#logs.get(claimed.origin) ?? refuse('not-found', 'origin');
    const { text, lines } = verifyNote(request.checkpoint, log.keys);
    if (BigInt(request.oldSize) > BigInt(claimed.size)) return refuse('malformed-request', 'the old size is the larger one');
    const signed = lines.map(({ key, payload }) => signatureLine(key.name, key.id, payload)).join('');
    const turn = log.turn.then(() => this.#take(log, request, { ...claimed, text, signed }));
    log.turn = turn.catch(() => undefined);
    return await turn;
  }

  async #take(log: WitnessedLog, request: AddCheckpoint, next: Checkpoint & { text: string; signed: string }): Promise<WitnessAnswer> {
    if (log.failed) throw new Unavailable('log-unavailable', 'a write has failed', null, 30);
    const known = log.last?.size ?? 0;
    if (BigInt(known) !== BigInt(request.oldSize)) return { outcome: 'behind', size: known };
    checkContinues(log.last, next, request.proof);
    const time = later(log.last?.time, BigInt(Math.floor(this.#clock.now() / 1000)));
    // The same again within a second costs no write: anybody can send what the log has published.
    if (log.last?.text === next.text && log.last.time === time) return { outcome: 'cosigned', lines: log.last.line };
    const { id, payload } = cosign(this.#signer, next.text, time);
    const line = signatureLine(this.#signer.name, id, payload);
    const note = `${next.text}\n${next.signed}${line}`;
    log.failed = true;
    await log.register.write(Buffer.from(note));
    log.failed = false;
    log.last = { ...next, note, line, time };
    return { outcome: 'cosigned', lines: line };
  }
}

const later = (before: bigint | undefined, now: bigint): bigint => (before !== undefined && before > now ? before : now);

/** @throws Refusal `consistency-failed` */
const checkContinues = (last: Checkpoint | null, next: Checkpoint, proof: readonly Uint8Array[]): void => {
  // C2SP tlog-witness: from size 0 the proof is empty, and the empty tree has one root.
  if (last === null || BigInt(last.size) === 0n) {
    if (proof.length > 0) return refuse('consistency-failed', 'proof length');
    if (BigInt(next.size) === 0n && Buffer.compare(next.root, EMPTY_ROOT) !== 0) return refuse('consistency-failed', 'root');
    return;
  }
  verifyConsistency({ size1: last.size, size2: next.size, root1: last.root, root2: next.root, proof });
};

const openLog = async ({ signer, registerOf }: WitnessParts, key: VerificationKey): Promise<WitnessedLog> => {
  const register = registerOf(key.name);
  const octets = await register.read();
  const last = octets === null ? null : readCosigned(octets, key.name, signer);
  return { keys: [key], register, last, failed: false, turn: Promise.resolve() };
};

/** Held by our own signature: the log's key may have changed since. */
const readCosigned = (octets: Uint8Array, origin: string, signer: NoteSigner): Cosigned => {
  try {
    const { text, lines } = verifyNote(octets, [ownKey(signer)]);
    const checkpoint = parseCheckpoint(text);
    const [own] = lines;
    if (checkpoint.origin !== origin || own === undefined || own.time === null) return refuse('log-corrupt', 'origin');
    const line = signatureLine(own.key.name, own.key.id, own.payload);
    return { ...checkpoint, text, note: Buffer.from(octets).toString('utf8'), line, time: own.time };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return refuse('log-corrupt', `what was cosigned last of ${origin} is not by this witness: restore its data from the same moment`);
  }
};

const ownKey = ({ name, publicKey }: NoteSigner): VerificationKey => toVerificationKey(name, publicKey, KEY_TYPE.cosignature);
