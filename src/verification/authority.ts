import { isTn, mailDomainOf, tnOf } from '../identifiers/index.js';
import type { Holder, NumberingPlan } from '../numbering/index.js';
import { refuse } from '../reasons/index.js';
import { covers, type TnEntry } from '../x509/index.js';
import type { Generation } from './generation.js';
import type { Job } from './job.js';
import type { JudgedCredential } from './credential.js';
import type { Evidence } from './step.js';
import type { PendingPort, PortedNumber, PortedRecord } from './verdict.js';

/** Whose the SII is, and that the signer speaks for them. */
export interface AuthorityFinding {
  /** SPC of the NP of record, or the EP's domain. */
  readonly providerOfRecord: string;
  /**
   * The signer's path has the provider of record at its top, or of a register, that which an agreed port will make it. False for the receiving side of a
   * port and for the numbering authority.
   */
  readonly ofRecord: boolean;
  /** That port. */
  readonly underPort: PendingPort | null;
  /** The EP's domain for mail; null for numbers. */
  readonly domain: string | null;
  readonly evidence: Evidence;
}

export const findAuthority = (job: Job, under: Generation): AuthorityFinding => {
  const tn = tnOf(job.claims.sii);
  // RFC 8226 section 4: a number needs a TNAuthList or the numbering authority, a mailbox a name; neither stands in for the other.
  if ((tn === null) !== (job.judged.profile === 'email')) return refuse('authority-type-mismatch');
  return tn === null ? overMailbox(job) : overNumber(job, under, tn);
};

const overMailbox = ({ claims: { sii }, judged }: Job): AuthorityFinding => {
  const domain = mailDomainOf(sii) ?? refuse('email-out-of-scope');
  if (judged.kind === 'mailbox') {
    if (judged.mailbox !== sii.slice('mailto:'.length)) return refuse('email-out-of-scope', 'mailbox');
  } else if (!judged.domains.includes(domain)) {
    // RFC 5922 section 7.2 is not followed: an exact name is the only proof of a domain, and none of its children.
    return refuse('email-out-of-scope', 'domain');
  }
  return { providerOfRecord: domain, ofRecord: true, underPort: null, domain, evidence: { domain, proof: judged.kind } };
};

const overNumber = (job: Job, under: Generation, tn: string): AuthorityFinding => {
  const { claims, judged } = job;
  const { action, from, to } = claims;
  if (!isTn(tn)) return refuse('tn-out-of-scope');
  const isReceiver = action === 'port' && judged.spc !== null && judged.spc === to;
  // RFC 9060 section 12: an SPC that the numbering data do not know proves nothing. The receiver of a port may be new.
  const ported = portedOf(job);
  const isKnown = (spc: string): boolean => under.numbering.knows(spc) || ported.record?.spc === spc || ported.pending?.to === spc;
  if (judged.spc !== null && !isReceiver && !isKnown(judged.spc)) return refuse('spc-unknown');
  const holder = holderOf(under.numbering, tn, job.at, ported.record);
  if (holder.status === 'unusable') return refuse('status-unavailable', 'numbering data contradict themselves');
  if (holder.status === 'nobody') return refuse('tn-out-of-scope', 'nobody is of record');
  const underPort = action === 'register' && judged.spc !== holder.spc && judged.spc === ported.pending?.to ? ported.pending : null;
  const ofRecord = judged.spc === holder.spc || underPort !== null;
  if (action === 'port' ? from !== holder.spc : !ofRecord && judged.kind !== 'numbering-authority') {
    return refuse('tn-out-of-scope', 'provider of record');
  }
  if (action === 'port' && judged.kind !== 'numbering-authority' && !ofRecord && !isReceiver) return refuse('tn-out-of-scope', 'port');
  const coveredBy = coverageOf(judged, tn, judged.spc ?? holder.spc);
  const { start, count } = holder.row ?? {};
  const row = start === undefined || count === undefined ? { ported: true } : { start, count };
  const port = underPort === null ? {} : { port: { to: underPort.to, effective: underPort.effective } };
  const evidence = { providerOfRecord: holder.spc, since: holder.since, row, ...port, coveredBy };
  return { providerOfRecord: holder.spc, ofRecord, underPort, domain: null, evidence };
};

/** What the log says of the number's ports at the time of judgement: an agreed port that has come since it was asked is settled. */
const portedOf = ({ at, claims, input: { ported } }: Job): Pick<PortedNumber, 'record' | 'pending'> => {
  if (ported === null || ported === undefined || ported.sii !== claims.sii) return { record: null, pending: null };
  const { record, pending } = ported;
  return pending !== null && pending.effective <= at
    ? { record: { spc: pending.to, since: pending.effective }, pending: null }
    : { record, pending };
};

type NumberHolder =
  Exclude<Holder, { status: 'held' }> | (Omit<Extract<Holder, { status: 'held' }>, 'row'> & { row?: { start: string; count: number } });

/** Of rows and port events the latest wins (DESIGN section 7); a port of the same moment is the later word. `at` in seconds. */
export const holderOf = (numbering: NumberingPlan, tn: string, at: number, ported: PortedRecord | null): NumberHolder => {
  const holder = numbering.holderOf(tn, at * 1000);
  if (ported === null || ported.since > at || holder.status === 'unusable') return holder;
  const since = ported.since * 1000;
  if (holder.status === 'held' && holder.since !== null && holder.since > since) return holder;
  return { status: 'held', spc: ported.spc, since };
};

/**
 * RFC 8226 section 9: the TNAuthList of every certificate limits the path. A list with the provider's own SPC covers what that SPC holds,
 * which numbering data have said already.
 */
const coverageOf = ({ lists }: JudgedCredential, tn: string, spc: string): string[] => {
  const coverage: string[] = [];
  for (const entries of lists) {
    if (entries !== null) coverage.push(coveringEntry(entries, tn, spc));
  }
  return coverage;
};

const coveringEntry = (entries: readonly TnEntry[], tn: string, spc: string): string => {
  for (const entry of entries) if ('spc' in entry && entry.spc === spc) return spc;
  if (!covers(entries, tn)) return refuse('tn-out-of-scope', 'TNAuthList');
  const number = Number(tn);
  for (const entry of entries) {
    if (!('start' in entry) || entry.start.length !== tn.length) continue;
    const first = Number(entry.start);
    if (number >= first && number < first + entry.count) return `${entry.start}+${entry.count}`;
  }
  return 'one number';
};
