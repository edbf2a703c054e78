import type { ServerResponse } from 'node:http';

interface Pending {
  text: string | null;
}

/**
 * Answers that finish in any order, written in the order they were begun, as soon as they can be.
 * At most `window` are pending or unwritten; whoever wants to begin another waits, so a client that reads slowly is also read slowly.
 */
export class OrderedAnswers {
  readonly #response: ServerResponse;
  readonly #window: number;
  readonly #queue: Pending[] = [];
  readonly #onProgress: () => void;
  #blocked = false;
  #roomWanted: (() => void) | null = null;

  constructor(response: ServerResponse, window: number, onProgress: () => void) {
    this.#response = response;
    this.#window = window;
    this.#onProgress = onProgress;
    response.on('drain', () => this.#unblock());
    response.on('close', () => this.#unblock());
  }

  /** The client takes no more answers for now. */
  get blocked(): boolean {
    return this.#blocked;
  }

  get pending(): number {
    return this.#queue.length;
  }

  /** Resolves when another answer may be begun. */
  async room(): Promise<void> {
    while (this.#queue.length >= this.#window) await this.#change();
  }

  /** Resolves when every answer is written, or nobody is there to read them. */
  async finished(): Promise<void> {
    while (this.#queue.length > 0) await this.#change();
  }

  /** `answer` never rejects. */
  begin(answer: Promise<string>): void {
    const pending: Pending = { text: null };
    this.#queue.push(pending);
    void this.#settle(pending, answer);
  }

  async #settle(pending: Pending, answer: Promise<string>): Promise<void> {
    pending.text = await answer;
    if (this.#queue[0] === pending) this.#flush();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#roomWanted = resolve;
    });
  }

  #unblock(): void {
    this.#blocked = false;
    this.#flush();
    // What was written before may have been all: then nothing is left to flush, and whoever waits for the end waits for this.
    if (!this.#blocked) this.#wake();
  }

  #flush(): void {
    if (this.#blocked) return;
    let text = '';
    let count = 0;
    for (const pending of this.#queue) {
      if (pending.text === null) break;
      text += pending.text;
      count += 1;
    }
    if (count === 0) return;
    this.#queue.splice(0, count);
    this.#onProgress();
    if (!this.#response.destroyed && !this.#response.write(text)) this.#blocked = true;
    if (this.#blocked) return;
    this.#wake();
  }

  #wake(): void {
    const wake = this.#roomWanted;
    this.#roomWanted = null;
    wake?.();
  }
}
