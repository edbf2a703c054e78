import { Unavailable } from '../reasons/index.js';

export interface StreamLimits {
  readonly streams: number;
  readonly streamsPerClient: number;
}

export interface OpenStream {
  end(): void;
}

/** The streams that are open, by who has them. */
export class OpenStreams {
  readonly #limits: StreamLimits;
  readonly #clients = new Map<string, Set<OpenStream>>();
  #count = 0;

  constructor(limits: StreamLimits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#count;
  }

  /** Makes room for one more: of a client that has all it may, the eldest ends, which is likelier dead than wanted. @throws Unavailable `overloaded` */
  makeRoom(client: string): void {
    const [eldest, ...others] = this.#clients.get(client) ?? [];
    if (eldest !== undefined && others.length + 1 >= this.#limits.streamsPerClient) eldest.end();
    if (this.#count >= this.#limits.streams) throw new Unavailable('overloaded', 'streams', null, 1);
  }

  add(client: string, stream: OpenStream): void {
    const own = this.#clients.get(client) ?? new Set();
    this.#clients.set(client, own.add(stream));
    this.#count += 1;
  }

  remove(client: string, stream: OpenStream): void {
    const own = this.#clients.get(client);
    if (own?.delete(stream) !== true) return;
    this.#count -= 1;
    if (own.size === 0) this.#clients.delete(client);
  }

  endAll(): void {
    for (const stream of [...this.#clients.values()].flatMap((own) => [...own])) stream.end();
  }
}
