import { refuse } from '../reasons/index.js';
import type { SubjectId } from '../ports/index.js';
import { packSubject, unpackSubject, type Subject } from '../registry/index.js';

/**
 * What the WAL holds sealed beside an `erase` leaf, under a key of its own: all that the fold needs, since the subject's own events no longer open. It
 * does not name the subject's key: that would say for ever whose entries they were.
 */
export interface SealedErasure {
  /** Of the leaf's commitment. */
  readonly opening: Uint8Array;
  readonly caseId: string;
  readonly id: SubjectId;
  /** What is left of the subject. */
  readonly residue: Subject;
}

const VERSION = 1;
/** Version octet, opening, store key, length of the case id; then the case id in ASCII and the packed residue. */
const HEAD = 1 + 32 + 16 + 1;

export const encodeSealedErasure = ({ opening, caseId, id, residue }: SealedErasure): Buffer => {
  const head = Buffer.alloc(HEAD);
  head[0] = VERSION;
  head.set(opening, 1);
  head.write(id, 33, 16, 'latin1');
  head[HEAD - 1] = caseId.length;
  return Buffer.concat([head, Buffer.from(caseId, 'latin1'), packSubject(residue)]);
};

/** @throws Refusal `log-corrupt` */
export const decodeSealedErasure = (plaintext: Uint8Array): SealedErasure => {
  const octets = Buffer.from(plaintext.buffer, plaintext.byteOffset, plaintext.byteLength);
  const end = HEAD + (octets[HEAD - 1] ?? 0);
  if (octets[0] !== VERSION || octets.length <= end) return refuse('log-corrupt', 'sealed erasure');
  return {
    opening: octets.subarray(1, 33),
    caseId: octets.toString('latin1', HEAD, end),
    id: octets.toString('latin1', 33, 49),
    residue: unpackSubject(octets.subarray(end)),
  };
};
