import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** Small writes together: one system call for some hundred lines. */
const CHUNK = 64 * 1024;

/** Writes at the pace of who reads. */
export class PacedOutput {
  readonly #stream: Writable;
  #pending = '';
  #gone = false;

  constructor(stream: Writable) {
    this.#stream = stream;
    // `| head` has seen enough: no fault of ours.
    stream.on('error', () => (this.#gone = true));
  }

  /** Nobody reads any more. */
  get isGone(): boolean {
    return this.#gone;
  }

  async write(text: string): Promise<void> {
    this.#pending += text;
    if (this.#pending.length >= CHUNK) await this.flush();
  }

  async flush(): Promise<void> {
    const text = this.#pending;
    this.#pending = '';
    if (text === '' || this.#gone || this.#stream.write(text)) return;
    await Promise.race([once(this.#stream, 'drain'), once(this.#stream, 'close')]).catch(() => undefined);
  }
}
