import { useEffect, useState } from 'preact/hooks';
import { Fault } from '../proof/fault.js';
import { reasonTable, type ReasonTable } from '../reading/extras.js';
import { readLeaf } from '../reading/leaf.js';
import type { EntryProof, VerifiedLog } from '../reading/log.js';
import type { Session } from '../reading/session.js';
import { Notice } from './notice.js';
import { Opening } from './opening.js';
import { OctetsView } from './octets-view.js';
import { Path } from './path.js';
import { ProofView } from './proof-view.js';
import { ReceiptCheck } from './receipt-check.js';
import { entryLink } from './route.js';
import { Steps } from './steps.js';
import { Verdict } from './verdict.js';
import { number } from './words.js';

interface EntryProps {
  readonly session: Session;
  readonly index: number;
  readonly receipt: string | null;
}

type Found = { readonly proof: EntryProof } | { readonly fault: Fault } | null;

const proofOf = async (log: VerifiedLog, index: number): Promise<Found> => {
  try {
    return { proof: await log.proof(index) };
  } catch (error) {
    if (error instanceof Fault) return { fault: error };
    throw error;
  }
};

const useProof = (log: VerifiedLog | null, index: number): Found => {
  const [found, setFound] = useState<Found>(null);
  useEffect(() => {
    let isCurrent = true;
    setFound(null);
    const find = async (from: VerifiedLog): Promise<void> => {
      const next = await proofOf(from, index);
      if (isCurrent) setFound(next);
    };
    if (log !== null) void find(log);
    return () => {
      isCurrent = false;
    };
  }, [log, index]);
  return found;
};

export const useReasons = (base: string): ReasonTable | null => {
  const [table, setTable] = useState<ReasonTable | null>(null);
  useEffect(() => void reasonTable(base).then(setTable), [base]);
  return table;
};

const Neighbours = ({ index, size }: { readonly index: number; readonly size: number }) => (
  <nav class="neighbours" aria-label="Entries beside this one">
    {index > 0 ? <a href={entryLink(index - 1)}>← {number(index - 1)}</a> : <span />}
    {index + 1 < size ? <a href={entryLink(index + 1)}>{number(index + 1)} →</a> : <span />}
  </nav>
);

/** One entry: what was decided, why, who vouched for it, and the proof that the log holds it. */
export const Entry = ({ session, index, receipt }: EntryProps) => {
  const { log } = session;
  const found = useProof(log, index);
  const reasons = useReasons(session.base);
  if (log === null) return null;
  return (
    <article>
      <h1 tabIndex={-1}>Entry {number(index)}</h1>
      <Neighbours index={index} size={log.size} />
      {found === null && <p role="status">Reading and proving…</p>}
      {found !== null && 'fault' in found && (
        <Notice tone="bad" title="This entry cannot be shown" isAlarm>
          <p>
            <code>{found.fault.code}</code>: {found.fault.message}
          </p>
        </Notice>
      )}
      {found !== null && 'proof' in found && <Proven session={session} log={log} proof={found.proof} reasons={reasons} receipt={receipt} />}
    </article>
  );
};

interface ProvenProps {
  readonly session: Session;
  readonly log: VerifiedLog;
  readonly proof: EntryProof;
  readonly reasons: ReasonTable | null;
  readonly receipt: string | null;
}

const Proven = ({ session, log, proof, reasons, receipt }: ProvenProps) => {
  const leaf = readLeaf(proof.octets);
  return (
    <>
      {!proof.holds && (
        <Notice tone="bad" title="BROKEN: this entry is not what the log signed" isAlarm>
          <p>
            Its octets and the hashes beside it do not lead to the root of the signed checkpoint. Suspect: {proof.suspect}. What is below is
            what the server gave, proven by nothing.
          </p>
        </Notice>
      )}
      <Verdict leaf={leaf} proof={proof} size={log.size} reasons={reasons} />
      {receipt !== null && <ReceiptCheck session={session} proof={proof} pasted={receipt} />}
      <Steps leaf={leaf} reasons={reasons} />
      <Path leaf={leaf} />
      <ProofView session={session} log={log} proof={proof} />
      <OctetsView octets={proof.octets} />
      <Opening session={session} index={proof.index} leaf={leaf} holds={proof.holds} />
    </>
  );
};
