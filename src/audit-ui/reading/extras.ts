import { isMembers, parseMembers, stringOf, stringsOf, type Members } from './json.js';

/** What the gateway adds to the log. Each may be missing: the page then says less, and proves no less. */

const membersAt = async (url: string): Promise<Members | null> => {
  const response = await fetch(url).catch(() => null);
  return response?.ok === true ? parseMembers(await response.text().catch(() => '')) : null;
};

export interface Discovery {
  readonly logVkey: string;
  readonly receiptVkey: string | null;
  readonly witnessVkeys: readonly string[];
}

/** Keys as the server hands them out. */
export const readDiscovery = async (base: string): Promise<Discovery | null> => {
  const members = await membersAt(new URL('../.well-known/mimi-discovery', base).href);
  const logVkey = stringOf(members?.['logVkey']);
  if (members === null || logVkey === null) return null;
  return { logVkey, receiptVkey: stringOf(members['receiptVkey']), witnessVkeys: stringsOf(members['witnessVkeys']) };
};

export interface Step {
  readonly step: string;
  readonly clause: string;
  readonly reasons: readonly string[];
}

export interface Reason {
  readonly reason: string;
  readonly family: string;
  readonly clause: string;
  readonly title: string;
  readonly advice: string;
}

export interface ReasonTable {
  readonly steps: readonly Step[];
  readonly reasons: ReadonlyMap<string, Reason>;
  /** The gateway's own, or as this page was built with. */
  readonly from: 'gateway' | 'page';
}

const stepOf = (value: unknown): Step | null =>
  isMembers(value)
    ? { step: stringOf(value['step']) ?? '', clause: stringOf(value['clause']) ?? '', reasons: stringsOf(value['reasons']) }
    : null;

const reasonOf = (value: unknown): Reason | null => {
  const reason = isMembers(value) ? stringOf(value['reason']) : null;
  if (!isMembers(value) || reason === null) return null;
  const text = (name: string): string => stringOf(value[name]) ?? '';
  return { reason, family: text('family'), clause: text('clause'), title: text('title'), advice: text('advice') };
};

const tableOf = (members: Members | null, from: ReasonTable['from']): ReasonTable | null => {
  if (members === null || !Array.isArray(members['steps']) || !Array.isArray(members['reasons'])) return null;
  const steps = members['steps'].map(stepOf).filter((step) => step !== null);
  const reasons = members['reasons'].map(reasonOf).filter((reason) => reason !== null);
  return { steps, reasons: new Map(reasons.map((reason) => [reason.reason, reason])), from };
};

const NOTHING: ReasonTable = { steps: [], reasons: new Map(), from: 'page' };

let table: Promise<ReasonTable> | null = null;

const readReasons = async (base: string): Promise<ReasonTable> =>
  tableOf(await membersAt(new URL('../v1/reasons', base).href), 'gateway') ??
  tableOf(await membersAt(new URL('reasons.json', base).href), 'page') ??
  NOTHING;

/** The steps and reason codes. Read once. */
export const reasonTable = (base: string): Promise<ReasonTable> => (table ??= readReasons(base));
