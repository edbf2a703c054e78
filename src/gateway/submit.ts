import { REASONS, Refusal, Unavailable, type OffProfile } from '../reasons/index.js';
import type { NoteSigner, WriteAheadLog } from '../ports/index.js';
import { asOf, registrationOf, ssiOf, wasPending, type Subject } from '../registry/index.js';
import { leafHash, parseLeaf, signReceiptInPool } from '../log/index.js';
import type { InspectedPassport, NotAccepted, PortedNumber, PortedRecord, Verdict, VerifiedClaims } from '../verification/index.js';
import { judgeAcquiring, type AcquireParts, type Judged } from './acquire.js';
import { effectStands } from './effect.js';
import { encodeEvidence } from './evidence.js';
import type { RejectWindows } from './reject-windows.js';
import type { Sequenced, Sequencer } from './sequencer.js';
import { referenceKey, signingMark, spentKey, type SpentPassports } from './spent-passports.js';
import { eventOf, misfitVerdict, presenterMisfit } from './submitted-event.js';
import type { Acceptance, Principal, Submission } from './use-cases.js';

/** How often a PASSporT is judged again because the world moved under it; a world that moves faster is an outage. */
const MAX_JUDGEMENTS = 3;
/** DESIGN section 7, replay: the first answer is given until exp + 24 h. */
const FIRST_ANSWER_SECONDS = 24 * 3600;

export interface SubmitParts extends AcquireParts {
  readonly sequencer: Sequencer;
  readonly windows: Pick<RejectWindows, 'check'>;
  readonly spent: SpentPassports;
  readonly wal: WriteAheadLog;
  readonly origin: string;
  readonly receiptSigner: NoteSigner;
  readonly subject: (sii: string) => Promise<Subject | null>;
}

/**
 * One PASSporT of an authenticated client: judged, sequenced, answered.
 * An accepted or refused answer is durable in the log; an unavailable one has written nothing.
 */
export const submitPassport = async (parts: SubmitParts, passport: string, client: Principal): Promise<Submission> => {
  // Before it is judged: a flood of refusals must cost others nothing.
  parts.windows.check(client.domain);
  let ported: PortedNumber | null = null;
  for (let judgement = 0; judgement < MAX_JUDGEMENTS; judgement += 1) {
    const judged = await judgeKnowing(parts, passport, client, ported);
    const { verdict, input } = judged;
    const { findings } = verdict;
    const record = judged.ported?.record ?? null;
    if (!verdict.accepted) return withFindings(await notAccepted(parts, passport, client, { ...judged, verdict, record }), findings);
    const evidence = encodeEvidence({ kind: 'passport', client, input });
    const { verified } = verdict;
    const misfit = presenterMisfit(verified, client);
    if (misfit !== null) return withFindings(await refuse(parts, client, misfitVerdict(verified, misfit), { evidence, record }), findings);
    const event = eventOf(verified, client, parts.world());
    const sequenced = await parts.sequencer.submit({ kind: 'passport', event, verified, client: client.domain, evidence });
    if (sequenced.outcome !== 'moved') return withFindings(await answerSequenced(parts, verified.claims, sequenced), findings);
    ported = await portedOf(parts, event.sii);
  }
  throw new Unavailable('overloaded', 'policies are changing', null, 1);
};

/** For the metric alone: most paths have none. */
const withFindings = (submission: Submission, findings: readonly OffProfile[]): Submission =>
  findings.length === 0 ? submission : { ...submission, findings };

/** What the log knows of the number's ports; null: nothing. */
const portedOf = async ({ subject, clock }: SubmitParts, sii: string): Promise<PortedNumber | null> => {
  const stored = await subject(sii);
  if (stored === null) return null;
  const { record, port } = asOf(stored, clock.now());
  if (record === null && port === null) return null;
  return { sii, record, pending: port === null ? null : { to: port.to, effective: port.effective } };
};

/**
 * The verdict, with what the log knows of ports where numbering data alone refuse: few numbers are ported, so a subject is read for those alone that
 * need it. Whoever is accepted without it and should not be is told at the commit that the provider of record has moved.
 */
const judgeKnowing = async (
  parts: SubmitParts,
  passport: string,
  client: Principal,
  ported: PortedNumber | null,
): Promise<Judged & { readonly ported: PortedNumber | null }> => {
  const judged = await judgeAcquiring(parts, passport, client.domain, ported);
  const sii = siiToAsk(judged.verdict);
  if (sii === null) return { ...judged, ported };
  const known = await portedOf(parts, sii);
  const isKnown = known === null || isSame(known, ported);
  return { ...(isKnown ? judged : await judgeAcquiring(parts, passport, client.domain, known)), ported: known ?? ported };
};

const siiToAsk = (verdict: Verdict): string | null =>
  !verdict.accepted && verdict.family === 'refused' && verdict.step === 'check-authority' ? verdict.known.sii : null;

const isSame = (one: PortedNumber, other: PortedNumber | null): boolean =>
  other !== null &&
  one.sii === other.sii &&
  one.record?.spc === other.record?.spc &&
  one.record?.since === other.record?.since &&
  one.pending?.to === other.pending?.to &&
  one.pending?.effective === other.pending?.effective;

const notAccepted = async (
  parts: SubmitParts,
  passport: string,
  client: Principal,
  { verdict, chain, input, record }: Judged & { readonly verdict: NotAccepted; readonly record: PortedRecord | null },
): Promise<Submission> => {
  // Without its path the signature of a retry cannot be verified again, so no first answer is due either.
  if (verdict.reason === 'credential-unavailable') return { ...outcomeOf(verdict), outcome: 'unavailable', logIndex: null };
  const first = await firstAnswer(parts, passport, client, chain);
  if (first !== null) return first;
  if (verdict.family === 'unavailable') return { ...outcomeOf(verdict), outcome: 'unavailable', logIndex: null };
  return await refuse(parts, client, verdict, { evidence: encodeEvidence({ kind: 'passport', client, input }), record });
};

const outcomeOf = ({ reason, step, clause, detail, retryAfter }: NotAccepted) => ({ reason, step, clause, detail, retryAfter });

/** Where the decision stands in the log. */
const placeOf = (sequenced: Sequenced) => {
  if (!('leafHash' in sequenced)) return { logIndex: null };
  const { index, batchIndex } = sequenced;
  return { logIndex: index, ...(batchIndex === undefined ? {} : { batchIndex }) };
};

const refuse = async (
  parts: SubmitParts,
  client: Principal,
  verdict: NotAccepted,
  more: { readonly evidence: Uint8Array; readonly record: PortedRecord | null },
): Promise<Submission> => {
  const sequenced = await parts.sequencer.submit({ kind: 'refusal', verdict, client: client.domain, ...more });
  return { ...outcomeOf(verdict), outcome: 'refused', ...placeOf(sequenced) };
};

/**
 * The same PASSporT from the same client gets its first answer before freshness is looked at, as long as its effect stands (DESIGN section 7).
 * The signature is verified again, so that a bit flipped in it is still refused.
 */
const firstAnswer = async (
  parts: SubmitParts,
  passport: string,
  client: Principal,
  chain: readonly Uint8Array[] | null,
): Promise<Submission | null> => {
  const inspected = await inspect(parts, passport, client, chain);
  if (inspected === null || inspected.spkiDigest === null) return null;
  const { claims, spkiDigest, signingDigest } = inspected;
  const spent = parts.spent.find(spentKey(spkiDigest, claims.jti));
  if (spent === null || spent.client !== client.domain || spent.signing !== signingMark(signingDigest)) return null;
  if (parts.clock.now() / 1000 > spent.exp + FIRST_ANSWER_SECONDS || !inspected.signatureHolds()) return null;
  const subject = await parts.subject(claims.sii);
  if (subject === null || !effectStands(subject, claims, spent.index, parts.clock.now())) return null;
  return await repeat(parts, claims, spent.index, subject);
};

/** What expired is not fetched for, unless the replay memory knows it: its path is then needed to verify the signature again. */
const inspect = async (
  { world, spent, credentials }: SubmitParts,
  passport: string,
  client: Principal,
  chain: readonly Uint8Array[] | null,
): Promise<InspectedPassport | null> => {
  const inspected = world().verifier.inspect(passport, chain);
  if (inspected === null || inspected.x5u === null || chain !== null) return inspected;
  if (spent.find(referenceKey(inspected.signingDigest)) === null) return null;
  try {
    const fetched = await credentials.chain(inspected.x5u, client.domain);
    return world().verifier.inspect(passport, fetched.chain);
  } catch (error) {
    // Without its path no first answer is due, and the verdict stands; a path that cannot be had now says nothing.
    if (error instanceof Unavailable || !(error instanceof Refusal)) throw error;
    return null;
  }
};

const answerSequenced = async (
  parts: SubmitParts,
  claims: VerifiedClaims,
  sequenced: Exclude<Sequenced, { outcome: 'moved' }>,
): Promise<Submission> => {
  if (sequenced.outcome === 'repeat') return await repeat(parts, claims, sequenced.index, sequenced.subject);
  if (sequenced.outcome === 'refused') {
    const { reason, step, detail } = sequenced;
    return { outcome: 'refused', reason, step, clause: REASONS[reason].clause, detail, ...placeOf(sequenced), retryAfter: null };
  }
  const { index, time, leafHash: hash, subject } = sequenced;
  return { outcome: 'accepted', first: true, answer: await acceptance(parts, claims, { index, time, hash, subject }) };
};

const repeat = async (parts: SubmitParts, claims: VerifiedClaims, index: number, subject: Subject): Promise<Submission> => {
  const { leaf } = await parts.wal.get(index);
  const time = parseLeaf(leaf).t;
  return { outcome: 'accepted', first: false, answer: await acceptance(parts, claims, { index, time, hash: leafHash(leaf), subject }) };
};

const acceptance = async (
  parts: SubmitParts,
  claims: VerifiedClaims,
  { index, time, hash, subject }: { index: number; time: number; hash: Uint8Array; subject: Subject | null },
): Promise<Acceptance> => {
  const answer = {
    action: claims.action,
    logIndex: index,
    leafHash: Buffer.from(hash).toString('base64'),
    receipt: await signReceiptInPool({ origin: parts.origin, index, leafHash: hash, time }, parts.receiptSigner),
  };
  const mapping = registrationOf(subject, index);
  if (claims.action !== 'register' || subject === null || mapping === undefined) return answer;
  const expires = new Date(mapping.expires * 1000).toISOString();
  const shown = { sii: claims.sii, ssi: ssiOf(mapping), provider: mapping.provider, expires };
  return wasPending(subject, mapping, time / 1000) ? { ...answer, pending: true, mapping: shown } : { ...answer, mapping: shown };
};

export interface WithdrawalParts extends Pick<SubmitParts, 'sequencer' | 'origin' | 'receiptSigner'> {}

/** An AP gives up its own mapping with its authenticated connection alone: giving up needs no credential. @throws Refusal `ap-mismatch` */
export const withdrawByConnection = async (
  parts: WithdrawalParts,
  request: { readonly sii: string; readonly ssi: string; readonly provider: string },
  client: Principal,
): Promise<{ logIndex: number; receipt: string }> => {
  if (request.provider !== client.domain) throw new Refusal('ap-mismatch', 'ssi');
  const event = { type: 'withdraw-by-connection' as const, ...request };
  const evidence = encodeEvidence({ kind: 'withdrawal', client, sii: request.sii, ssi: request.ssi });
  const sequenced = await parts.sequencer.submit({ kind: 'connection', event, client: client.domain, evidence });
  if (sequenced.outcome === 'refused') throw new Refusal(sequenced.reason, sequenced.detail ?? undefined);
  if (sequenced.outcome !== 'committed') throw new Error('a withdrawal by connection was not committed');
  const { index, time, leafHash: hash } = sequenced;
  return {
    logIndex: index,
    receipt: await signReceiptInPool({ origin: parts.origin, index, leafHash: hash, time }, parts.receiptSigner),
  };
};
