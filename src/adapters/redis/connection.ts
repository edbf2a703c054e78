import { RESP_TYPES, createClient, type RedisArgument } from 'redis';
import { Unavailable } from '../../reasons/index.js';
import type { Script } from './scripts.js';

export interface RedisOptions {
  /** `redis://host:port` or `rediss://host:port`. */
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** PEM; for `rediss:` alone. */
  readonly tls?: { readonly ca?: string | undefined; readonly cert?: string | undefined; readonly key?: string | undefined } | undefined;
  /** ms until a call that got no answer is given up, its outcome unknown. */
  readonly deadline: number;
}

/** ms. */
const CONNECT_TIMEOUT = 2_000;
const LONGEST_PAUSE = 1_000;
/** Commands that may wait in the client; beyond it calls are refused, so that a stalled server does not fill the memory. */
const QUEUE = 50_000;

/** Quickly at first, then once a second for ever: the gateway is not ready meanwhile, and recovers by itself. */
const pauseBefore = (retries: number): number => Math.min(25 * 2 ** Math.min(retries, 10), LONGEST_PAUSE);

const socketOf = (options: RedisOptions) => {
  const common = { connectTimeout: CONNECT_TIMEOUT, reconnectStrategy: pauseBefore };
  if (!options.url.startsWith('rediss:')) return common;
  // DESIGN: TLS 1.3 on every link.
  const { ca, cert, key } = options.tls ?? {};
  return { ...common, tls: true as const, minVersion: 'TLSv1.3' as const, ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
};

const clientOf = (options: RedisOptions) =>
  createClient({
    url: options.url,
    RESP: 2,
    ...(options.username !== undefined && { username: options.username }),
    ...(options.password !== undefined && { password: options.password }),
    socket: socketOf(options),
    // A command that waits for a server to come back would be answered long after its caller gave up.
    disableOfflineQueue: true,
    commandsQueueMaxLength: QUEUE,
    maintNotifications: 'disabled',
    // The client would make a timer for each command; calls have a deadline of their own.
    commandOptions: { timeout: 0, typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
  });

const unavailable = (): Unavailable => new Unavailable('store-unavailable', 'Redis does not answer');

/** What went wrong, in the words of Redis's error code alone: a reply's text may hold keys. */
const unavailableFrom = (error: unknown): Unavailable => {
  const code = error instanceof Error ? /^[A-Z]{3,20}\b/.exec(error.message)?.[0] : undefined;
  return code === undefined ? unavailable() : new Unavailable('store-unavailable', `Redis answers ${code}`);
};

/**
 * One connection that comes back by itself. Every call ends within the deadline: with its reply, or with Unavailable `store-unavailable`.
 * A rejected call may have been executed.
 */
export class RedisConnection {
  private readonly client: ReturnType<typeof clientOf>;
  private readonly deadline: number;

  private constructor(options: RedisOptions) {
    this.client = clientOf(options);
    this.deadline = options.deadline;
    // Without a listener the client throws; every failure also reaches the caller of the command that it befell.
    this.client.on('error', () => undefined);
  }

  /** Resolves when connected, or when the first attempt has taken too long: the connection then keeps trying. */
  static async open(options: RedisOptions): Promise<RedisConnection> {
    const connection = new RedisConnection(options);
    const connected = connection.client.connect().then(
      () => undefined,
      () => undefined,
    );
    await Promise.race([connected, expiry(CONNECT_TIMEOUT)]);
    return connection;
  }

  /** Waits for `work`, a number of commands that were sent together, for `patience` deadlines. */
  async within<T>(work: Promise<T>, patience = 1): Promise<T> {
    const { promise: late, cancel } = alarm(this.deadline * patience);
    try {
      return await Promise.race([work, late]);
    } catch (error) {
      // A bug of ours is no answer of Redis's.
      if (error instanceof Unavailable || error instanceof TypeError || error instanceof RangeError) throw error;
      throw unavailableFrom(error);
    } finally {
      cancel();
    }
  }

  send<T>(command: readonly RedisArgument[]): Promise<T> {
    return this.client.sendCommand<T>(command);
  }

  /** Runs a script by its digest, and by its text on a server that does not know it (restarted, failed over, flushed). */
  async run<T>(script: Script, keys: readonly string[], values: readonly RedisArgument[]): Promise<T> {
    const rest = [String(keys.length), ...keys, ...values];
    try {
      return await this.send<T>(['EVALSHA', script.sha1, ...rest]);
    } catch (error) {
      // NOSCRIPT says that nothing was executed.
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return this.send<T>(['EVAL', script.text, ...rest]);
    }
  }

  close(): void {
    if (this.client.isOpen) this.client.destroy();
  }
}

const expiry = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });

const SLICES = 5;

/**
 * Goes off after `ms` in which the loop was free to hear an answer: however long it stands still at one time, that is one slice, and after each it reads
 * what has come. Else work of our own would pass for a server that is silent.
 */
const alarm = (ms: number): { readonly promise: Promise<never>; readonly cancel: () => void } => {
  let timer: NodeJS.Timeout | undefined;
  let heard: NodeJS.Immediate | undefined;
  const promise = new Promise<never>((_, reject) => {
    const wait = (slices: number): void => {
      if (slices === 0) return reject(unavailable());
      timer = setTimeout(() => (heard = setImmediate(wait, slices - 1)), ms / SLICES);
    };
    wait(SLICES);
  });
  return {
    promise,
    cancel: () => {
      clearTimeout(timer);
      clearImmediate(heard);
    },
  };
};
