import { refuse } from '../reasons/index.js';

/** What the WAL holds sealed beside an `open` leaf, under a key of its own. */
export interface SealedOpening {
  /** Of the leaf's own commitment. */
  readonly opening: Uint8Array;
  readonly caseId: string;
}

/** Version octet, opening, case id in ASCII. */
const VERSION = 1;
const HEAD = 33;

export const encodeSealedOpening = ({ opening, caseId }: SealedOpening): Buffer =>
  Buffer.concat([Buffer.from([VERSION]), opening, Buffer.from(caseId, 'latin1')]);

/** @throws Refusal `log-corrupt` */
export const decodeSealedOpening = (plaintext: Uint8Array): SealedOpening => {
  if (plaintext[0] !== VERSION || plaintext.length <= HEAD) return refuse('log-corrupt', 'sealed opening');
  return { opening: plaintext.subarray(1, HEAD), caseId: Buffer.from(plaintext.subarray(HEAD)).toString('latin1') };
};
