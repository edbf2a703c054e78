import type { ClassStorage } from '../../src/ports/index.js';

/** A class storage that tells what was durable when. */
export class MemoryClasses implements ClassStorage {
  readonly durable: Uint8Array[];
  #pending: Uint8Array[] = [];

  constructor(durable: readonly Uint8Array[] = []) {
    this.durable = [...durable];
  }

  async *read(): AsyncIterable<Uint8Array> {
    yield* this.durable;
  }

  append(octets: Uint8Array): number {
    this.#pending.push(Buffer.from(octets));
    return this.durable.length + this.#pending.length - 1;
  }

  async flush(): Promise<void> {
    this.durable.push(...this.#pending.splice(0));
  }

  async close(): Promise<void> {
    await this.flush();
  }
}
