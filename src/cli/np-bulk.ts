import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { BulkOut, DeskLock, nodeDisk, type BatchItem, type BulkRow, type Desk, type Disk } from '../adapters/desk/index.js';
import {
  newEncodedKeyPairs,
  parseBulkOrders,
  type Binding,
  type BulkOrder,
  type EncodedKeyPair,
  type IssuingSources,
} from '../issuance/index.js';
import { instant, type DeskReport } from './np-report.js';

export interface BulkOptions {
  /** File of the orders. */
  readonly from: string;
  readonly to: string;
  readonly out: string;
  /** Seconds. */
  readonly lifetime: number;
  readonly permitted?: Binding['permitted'];
  readonly why?: string;
  /** Credentials with one sync of the ledger and one of the output. */
  readonly part?: number;
}

const PART = 512;

/** What a bulk delegation needs of the outside. */
export interface BulkSources extends IssuingSources {
  /** Absent: the file system. */
  readonly disk?: Disk;
}

interface Numbered {
  readonly row: number;
  readonly order: BulkOrder;
}

const readOrders = (file: string): { readonly orders: readonly BulkOrder[]; readonly source: string } => {
  const text = readFileSync(file, 'utf8');
  const parsed = parseBulkOrders(text);
  if (!parsed.ok) throw new Error(parsed.problems.map((problem) => `${file}: ${problem}`).join('\n'));
  return { orders: parsed.value, source: createHash('sha256').update(text).digest('hex') };
};

/** How far it is, on a terminal alone. */
const progress = (total: number, before: number): ((done: number) => void) => {
  const since = performance.now();
  return (done) => {
    if (!process.stderr.isTTY) return;
    const filled = Math.round((30 * done) / Math.max(1, total));
    const rate = Math.round(((done - before) * 1000) / Math.max(1, performance.now() - since));
    process.stderr.write(`\r[${'#'.repeat(filled)}${'.'.repeat(30 - filled)}] ${done} of ${total}, ${rate}/s${done === total ? '\n' : ''}`);
  };
};

/** Null where the key stays with its owner. */
const keysFor = (part: readonly Numbered[]): (EncodedKeyPair | null)[] => {
  const fresh = newEncodedKeyPairs(part.filter(({ order }) => order.spki === null).length);
  return part.map(({ order }) => (order.spki === null ? (fresh.pop() ?? null) : null));
};

const partsOf = (all: readonly Numbered[], size: number): Numbered[][] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));

const itemOf = ({ order }: Numbered, key: EncodedKeyPair | null): BatchItem => ({
  subject: key === null ? { spki: order.spki ?? Buffer.alloc(0) } : { own: key },
  numbers: [order.numbers],
});

const issuePart = async (desk: Desk, out: BulkOut, options: BulkOptions, part: readonly Numbered[]) => {
  const { to, lifetime, permitted, why } = options;
  const terms = { ...(permitted === undefined ? {} : { permitted }), ...(why === undefined ? {} : { why }) };
  const keys = keysFor(part);
  const items = part.map((one, i) => itemOf(one, keys[i] ?? null));
  const made = await desk.delegateBatch({ batch: out.header.batch, to, lifetime, ...terms }, items);
  const rows = made.map(({ certificate, line }, i): BulkRow => ({
    row: part[i]?.row ?? 0,
    numbers: line.numbers ?? [],
    serial: line.serial,
    notAfter: instant(line.notAfter),
    certificate: certificate.toString('base64'),
    key: keys[i]?.pem ?? null,
  }));
  out.append(rows, made[0]?.path.slice(1).map((der) => der.toString('base64')) ?? []);
};

/** Revokes what an earlier process issued and did not live to hand out. */
const revokeLost = async (desk: Desk, { header, serials }: BulkOut): Promise<number> => {
  const lost = (await desk.batchSerials(header.batch)).filter((serial) => !serials.has(serial));
  if (lost.length > 0) await desk.revokeSerials(lost, { reason: 'superseded', why: 'never handed out' });
  return lost.length;
};

/** Another that goes on with the same output would take what this one is about to hand out for lost. */
const ALONE = { limit: 0, wait: (): Promise<void> => Promise.resolve() };

/**
 * Delegates for every line of a file, and goes on where an earlier process ended. All of it is checked before any is issued.
 * @throws Error when the orders or the output are broken; Refusal as `Desk.delegate`; Unavailable `overloaded` while another writes the same output
 */
export const delegateBulk = (desk: Desk, options: BulkOptions, sources: BulkSources): Promise<DeskReport> =>
  new DeskLock(`${options.out}.lock`, sources.disk ?? nodeDisk, ALONE).hold(() => delegateAll(desk, options, sources));

const delegateAll = async (desk: Desk, options: BulkOptions, sources: BulkSources): Promise<DeskReport> => {
  const { orders, source } = readOrders(options.from);
  const numbered = orders.map((order, i): Numbered => ({ row: i + 1, order }));
  if (orders.length > 0) await desk.checkDelegable(orders.map(({ numbers }) => numbers));
  const batch = Buffer.from(sources.random(16)).toString('hex');
  const out = BulkOut.open(options.out, { batch, to: options.to, source, rows: orders.length }, sources.disk);
  const revoked = await revokeLost(desk, out);
  const left = numbered.filter(({ row }) => !out.rows.has(row));
  const tell = progress(orders.length, orders.length - left.length);
  const parts = partsOf(left, options.part ?? PART);
  let done = orders.length - left.length;
  for (const part of parts) {
    await issuePart(desk, out, options, part);
    done += part.length;
    tell(done);
  }
  const json = { out: options.out, batch: out.header.batch, issued: left.length, earlier: orders.length - left.length, revoked };
  const words = `${options.out}: ${left.length} issued, ${json.earlier} before, ${revoked} revoked that never came out`;
  return { json, words };
};
