import { encodeBase64 } from '../encoding/index.js';
import { verifyReceipt, type Receipt } from '../log/index.js';
import { refuse } from '../reasons/index.js';

/** What the answer beside the receipt said; what it leaves out is not compared. */
interface Stated {
  readonly logIndex: number;
  /** Padded standard base64. */
  readonly leafHash?: string | undefined;
}

/**
 * Verifies a receipt (CONTRACT section 2): signed by the receipt key, of that key's log, and about the entry that the answer names.
 * Proven: the gateway promised this leaf at this index; a later checkpoint without it convicts the gateway. Not proven: that the leaf is in
 * the published log; `AuditClient.proof` proves that.
 * @throws Refusal `malformed-note`, `untrusted-note`, `malformed-proof`, `inclusion-failed` when it is about another entry
 */
export const checkReceipt = (receipt: string, receiptVkey: string, stated: Stated): Receipt => {
  const verified = verifyReceipt(receipt, receiptVkey);
  if (BigInt(verified.index) !== BigInt(stated.logIndex)) return refuse('inclusion-failed', 'receipt of another index');
  if (stated.leafHash !== undefined && encodeBase64(verified.leafHash) !== stated.leafHash) {
    return refuse('inclusion-failed', 'receipt of another leaf');
  }
  return verified;
};
