import { useEffect, useState } from 'preact/hooks';
import { Fault } from '../proof/fault.js';
import { isEqual } from '../proof/octets.js';
import type { EntryProof } from '../reading/log.js';
import { readReceipt, type Receipt } from '../reading/receipt.js';
import type { Session } from '../reading/session.js';
import { Hash } from './hash-text.js';
import { Mark, Notice } from './notice.js';
import { moment, visible } from './words.js';

interface CheckProps {
  readonly session: Session;
  readonly proof: EntryProof;
  readonly pasted: string;
}

const SIGNATURES = {
  holds: <Mark tone="good">its signature holds</Mark>,
  'no-key': <Mark tone="warn">its signature was not looked at: the key of receipts is not known here</Mark>,
  broken: <Mark tone="bad">its signature does not hold</Mark>,
} as const;

/** The promise of a receipt, held against what the log holds at that index. */
export const ReceiptCheck = ({ session, proof, pasted }: CheckProps) => {
  const [receipt, setReceipt] = useState<Receipt | Fault | null>(null);
  const { receiptVkey } = session.memory;
  useEffect(() => {
    void readReceipt(pasted, receiptVkey).then(setReceipt, (error: unknown) => setReceipt(error instanceof Fault ? error : null));
  }, [pasted, receiptVkey]);
  if (receipt === null) return null;
  if (receipt instanceof Fault)
    return (
      <Notice tone="bad" title="That is not a receipt">
        <p>{receipt.message}</p>
      </Notice>
    );
  const isKept = receipt.index === proof.index && isEqual(receipt.leafHash, proof.leafHash) && proof.holds;
  return (
    <section aria-labelledby="receipt">
      <h2 id="receipt">The receipt</h2>
      <p>
        {isKept ? (
          <Mark tone="good">kept: this very leaf is in the log</Mark>
        ) : (
          <Mark tone="bad">BROKEN: the log holds another leaf here</Mark>
        )}
      </p>
      <p>{SIGNATURES[receipt.signature]}</p>
      <dl class="facts">
        <dt>Promised by</dt>
        <dd>
          {visible(receipt.origin, 120)}, {moment(receipt.time)}
        </dd>
        <dt>Leaf hash promised</dt>
        <dd>
          <Hash octets={receipt.leafHash} />
        </dd>
      </dl>
      {!isKept && receipt.signature === 'holds' && <p>Keep the receipt and the checkpoint: together they are evidence against the log.</p>}
    </section>
  );
};
