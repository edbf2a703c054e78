import type { QuotaCharge, QuotaJournal, QuotaOutcome, QuotaStore } from '../../ports/index.js';
import { Unavailable } from '../../reasons/index.js';
import { NumberSet } from './number-set.js';

interface Account {
  readonly marks: NumberSet;
  level: number;
  /** ms, of `level`. */
  at: number;
}

/** Client and mark, eight octets each. */
const RECORD = 16;

/**
 * The embedded profile's counts: one process, so that a synchronous check-and-count is atomic. The journal keeps the marks over a restart; the
 * level of the buckets is not kept.
 */
export class MemoryQuotaStore implements QuotaStore {
  private readonly journal: QuotaJournal | null;
  private accounts = new Map<string, Account>();
  private start = -1;
  /** The epoch's marks are being read. */
  private beginning: Promise<void> = Promise.resolve();
  /** The last append; those before it end no later. */
  private written: Promise<void> = Promise.resolve();

  /** Without a journal the counts end with the process. */
  constructor(journal: QuotaJournal | null = null) {
    this.journal = journal;
  }

  async charge(charge: QuotaCharge): Promise<QuotaOutcome> {
    await this.enter(charge.epoch.start);
    // Another charge may have begun the next one meanwhile.
    if (charge.epoch.start !== this.start) throw tooEarly();
    const outcome = this.decide(charge);
    if (outcome.over === null) await this.keep(charge, outcome.fresh);
    return outcome;
  }

  async used(client: string, { start }: QuotaCharge['epoch']): Promise<number> {
    await this.enter(start);
    return this.accounts.get(client)?.marks.size ?? 0;
  }

  async close(): Promise<void> {
    await this.beginning.catch(() => undefined);
    await this.journal?.close();
  }

  private decide({ client, marks, limit, bucket, now, floor }: QuotaCharge): QuotaOutcome {
    const account = this.accountOf(client);
    const fresh = marks.map((mark) => !account.marks.has(mark));
    const asked = fresh.filter(Boolean).length;
    const used = Math.max(account.marks.size, floor);
    if (asked === 0) return { over: null, used, fresh, wait: 0 };
    if (used + asked > limit) return { over: 'epoch', used, fresh, wait: 0 };
    const level = Math.max(0, account.level - Math.max(0, now - account.at) * bucket.drain);
    if (level + asked > bucket.size)
      return { over: 'burst', used, fresh, wait: asked > bucket.size ? Infinity : (level + asked - bucket.size) / bucket.drain };
    account.level = level + asked;
    account.at = Math.max(account.at, now);
    for (const mark of marks) account.marks.add(mark);
    return { over: null, used: used + asked, fresh, wait: 0 };
  }

  private accountOf(client: string): Account {
    let account = this.accounts.get(client);
    if (account === undefined) this.accounts.set(client, (account = { marks: new NumberSet(), level: 0, at: 0 }));
    return account;
  }

  /** The marks of the epoch are at hand from here on. */
  private enter(start: number): Promise<void> {
    if (start > this.start) {
      this.start = start;
      this.accounts = new Map();
      this.beginning = this.load(start);
    }
    if (start < this.start) return Promise.reject(tooEarly());
    return this.beginning;
  }

  private async load(start: number): Promise<void> {
    if (this.journal === null) return;
    const accounts = new Map<string, Account>();
    try {
      const octets = await this.journal.begin(start);
      const view = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
      for (let at = 0; at + RECORD <= view.length; at += RECORD) {
        const client = view.toString('hex', at, at + 8);
        let account = accounts.get(client);
        if (account === undefined) accounts.set(client, (account = { marks: new NumberSet(), level: 0, at: 0 }));
        account.marks.add(view.readUIntBE(at + 9, 3) * 2 ** 32 + view.readUInt32BE(at + 12));
      }
    } catch {
      throw unkept();
    }
    if (this.start === start) this.accounts = accounts;
  }

  /** Nothing is answered that is not kept first: what is counted already may still be on its way to the disk. */
  private async keep({ client, marks }: QuotaCharge, fresh: readonly boolean[]): Promise<void> {
    if (this.journal !== null && fresh.includes(true)) this.written = this.journal.append(recordsOf(client, marks, fresh));
    try {
      await this.written;
    } catch {
      throw unkept();
    }
  }
}

const recordsOf = (client: string, marks: readonly number[], fresh: readonly boolean[]): Buffer => {
  const kept = marks.filter((_, at) => fresh[at]);
  const octets = Buffer.alloc(RECORD * kept.length);
  kept.forEach((mark, at) => {
    octets.write(client, RECORD * at, 8, 'hex');
    octets.writeUIntBE(Math.floor(mark / 2 ** 32), RECORD * at + 9, 3);
    octets.writeUInt32BE(mark % 2 ** 32, RECORD * at + 12);
  });
  return octets;
};

const tooEarly = (): Unavailable => new Unavailable('store-unavailable', 'the clock is in an earlier epoch of quotas', null, 1);
const unkept = (): Unavailable => new Unavailable('store-unavailable', 'quotas cannot be kept on the disk');
