import type { QuotaCharge, QuotaOutcome, QuotaStore } from '../../ports/index.js';
import { Unavailable } from '../../reasons/index.js';
import { RedisConnection, type RedisOptions } from './connection.js';
import { quotaKey } from './keys.js';
import { CHARGE } from './quota-scripts.js';

export interface RedisQuotaStoreOptions extends Omit<RedisOptions, 'deadline'> {
  /** Before every key, so that a server can be shared. */
  readonly keyPrefix?: string | undefined;
  /** ms for a call that gets no answer. */
  readonly deadline?: number | undefined;
}

/** ms. A lookup waits for it: as long as for the mappings. */
const DEADLINE = 500;

/** ms that counts stay after their epoch: clocks of several gateways differ, an hour at most. */
const KEPT = 3_600_000;

/**
 * Counts in one Redis server, shared by every gateway on it: one script a charge.
 * Not proven: that the server has lost nothing. What was counted is kept as Redis is told to (appendonly); `floor` holds what a running gateway saw.
 */
export class RedisQuotaStore implements QuotaStore {
  private readonly connection: RedisConnection;
  private readonly prefix: string;

  private constructor(connection: RedisConnection, prefix: string) {
    this.connection = connection;
    this.prefix = prefix;
  }

  /** Resolves when connected or when that takes too long; calls are Unavailable `store-unavailable` until it succeeds. */
  static async open(options: RedisQuotaStoreOptions): Promise<RedisQuotaStore> {
    const connection = await RedisConnection.open({ ...options, deadline: options.deadline ?? DEADLINE });
    return new RedisQuotaStore(connection, options.keyPrefix ?? '');
  }

  async charge({ client, epoch, marks, limit, bucket, now, floor }: QuotaCharge): Promise<QuotaOutcome> {
    const numbers = [limit, bucket.size, bucket.drain, Math.floor(now), floor, epoch.end + KEPT, ...marks].map(String);
    const key = quotaKey(this.prefix, client, epoch.start);
    const [over, used, wait, flags] = (await this.connection.within(this.connection.run<Buffer[]>(CHARGE, [key], numbers))).map(String);
    if (over === undefined || used === undefined || wait === undefined || flags === undefined || flags.length !== marks.length)
      throw new Unavailable('store-unavailable', 'Redis gives an unknown answer');
    return {
      over: over === 'epoch' || over === 'burst' ? over : null,
      used: Number(used),
      fresh: Array.from(flags, (flag) => flag === '1'),
      wait: wait === 'never' ? Infinity : Number(wait),
    };
  }

  async used(client: string, { start }: QuotaCharge['epoch']): Promise<number> {
    const key = quotaKey(this.prefix, client, start);
    const count = await this.connection.within(this.connection.send<Buffer | null>(['HGET', key, 'c']));
    return Number(String(count ?? '0'));
  }

  async close(): Promise<void> {
    this.connection.close();
  }
}
