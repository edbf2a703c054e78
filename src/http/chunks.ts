import type { IncomingMessage } from 'node:http';

/**
 * A request body, chunk by chunk and only when asked, so that nothing piles up while the gateway is behind.
 * Unlike the stream's own iterator it can be stopped without taking the connection, and the answer, down.
 */
export class Chunks {
  readonly #request: IncomingMessage;
  #waiting: ((chunk: Buffer | null) => void) | null = null;
  #ready: Buffer[] = [];
  #ended = false;

  constructor(request: IncomingMessage) {
    this.#request = request;
    request.pause();
    request.on('data', (chunk: Buffer) => {
      request.pause();
      this.#ready.push(chunk);
      this.#deliver();
    });
    request.on('end', () => this.stop());
    request.on('close', () => this.stop());
  }

  /** The next chunk; null at the end, when the client has gone, and after `stop`. */
  next(): Promise<Buffer | null> {
    return new Promise((resolve) => {
      this.#waiting = resolve;
      this.#deliver();
    });
  }

  stop(): void {
    this.#ended = true;
    this.#deliver();
  }

  #deliver(): void {
    const resolve = this.#waiting;
    if (resolve === null) return;
    const chunk = this.#ready.shift();
    if (chunk === undefined && !this.#ended) {
      this.#request.resume();
      return;
    }
    this.#waiting = null;
    resolve(chunk ?? null);
  }
}

/** A line without its end, or null for one that is longer than allowed and was dropped. */
export type Line = Buffer | null;

const NEWLINE = 0x0a;

/** The lines of a body: LF ends one, CR before it is JSON's white space, the last needs no end. A line too long is never held in memory. */
export async function* linesOf(chunks: Chunks, limit: number): AsyncGenerator<Line> {
  let parts: Buffer[] = [];
  let size = 0;
  const take = (): Line => {
    const line = size > limit ? null : Buffer.concat(parts, size);
    parts = [];
    size = 0;
    return line;
  };
  const add = (part: Buffer): void => {
    size += part.length;
    if (size <= limit) parts.push(part);
    else parts = [];
  };
  for (let chunk = await chunks.next(); chunk !== null; chunk = await chunks.next()) {
    let at = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, at)) {
      add(chunk.subarray(at, end));
      at = end + 1;
      yield take();
    }
    if (at < chunk.length) add(chunk.subarray(at));
  }
  if (size > 0) yield take();
}
