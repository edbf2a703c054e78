import { acceptance, readAnswer, type Acceptance } from './answers.js';
import type { Connection } from './connection.js';
import { checkReceipt } from './receipt.js';
import { persist, type Patience } from './retry.js';

export interface Submitted extends Acceptance {
  /** False for the first answer once more: this PASSporT had been accepted before. */
  readonly first: boolean;
}

/**
 * Presents one PASSporT until there is an answer. The same octets each time, so that an unknown outcome becomes known:
 * the gateway gives a retry its first answer (CONTRACT section 2).
 */
export const submitPassport = async (
  connection: Connection,
  patience: Patience,
  receiptVkey: string | undefined,
  passport: string,
): Promise<Submitted> => {
  const submitted = await persist(patience, async () => {
    const answer = await connection.call({ method: 'POST', path: '/v1/passports', type: 'application/passport', body: passport });
    return { ...readAnswer(answer, acceptance), first: answer.status === 201 };
  });
  if (receiptVkey !== undefined) checkReceipt(submitted.receipt, receiptVkey, submitted);
  return submitted;
};
