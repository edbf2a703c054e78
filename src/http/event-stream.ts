import type { ServerResponse } from 'node:http';
import type { FeedReader } from '../gateway/index.js';

/** Events written in one go: some 5 KiB, so that little is under way to who does not read. */
const MOST = 64;

export interface StreamParts {
  readonly response: Pick<ServerResponse, 'write' | 'end' | 'destroy' | 'on' | 'destroyed'>;
  /** ms between signs of life, and that a reader may take nothing. */
  readonly heartbeatMs: number;
  readonly stallMs: number;
  /** Whether who opened it may still have it; asked before anything is told, and with each sign of life. */
  readonly isWelcome: () => boolean;
  readonly written: (events: number) => void;
  readonly ended: (how: StreamEnd) => void;
}

/** `closed`: by the client, or ended in order; `stalled`: a reader that took nothing; `unwelcome`: no longer who it was. */
export type StreamEnd = 'closed' | 'stalled' | 'unwelcome';

/**
 * One stream of server-sent events (HTML Living Standard section 9.2) that reads a feed at its reader's pace: what is not written yet stays in
 * the feed, and nothing piles up here.
 */
export class EventStream<T> {
  readonly #parts: StreamParts;
  readonly #reader: FeedReader<T>;
  readonly #textOf: (event: T) => string;
  readonly #heartbeat: NodeJS.Timeout;
  #stall: NodeJS.Timeout | null = null;
  #scheduled = false;
  #over = false;

  /** Begins at once; `read` opens the feed and is told what to call when something comes, `textOf` writes one event. */
  constructor(parts: StreamParts, read: (wake: () => void) => FeedReader<T>, textOf: (event: T) => string) {
    this.#parts = parts;
    this.#textOf = textOf;
    const { response } = parts;
    response.on('drain', () => this.#unblock());
    response.on('close', () => this.#finish('closed'));
    this.#heartbeat = setInterval(() => this.#beat(), parts.heartbeatMs);
    this.#reader = read(() => this.#wake());
    // An id without data tells no event, but from where to resume (section 9.2.6).
    const { id } = this.#reader;
    this.#write(id === null ? 'retry: 1000\n\n' : `retry: 1000\nid: ${id}\n\n`);
    this.#flush();
  }

  /** Ends in order; who does not read is cut off. */
  end(): void {
    if (this.#stall === null) this.#parts.response.end();
    else this.#parts.response.destroy();
    this.#finish('closed');
  }

  /** What one commit changes is written together. */
  #wake(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    while (!this.#over && this.#stall === null) {
      const events = this.#reader.take(MOST);
      if (events.length === 0) return;
      if (!this.#parts.isWelcome()) return this.#cut('unwelcome');
      this.#write(events.map(this.#textOf).join(''));
      this.#parts.written(events.length);
    }
  }

  #write(text: string): void {
    if (this.#over || this.#parts.response.write(text)) return;
    this.#stall ??= setTimeout(() => this.#cut('stalled'), this.#parts.stallMs);
  }

  #unblock(): void {
    if (this.#stall !== null) clearTimeout(this.#stall);
    this.#stall = null;
    this.#flush();
  }

  #beat(): void {
    if (this.#parts.response.destroyed) this.#finish('closed');
    else if (!this.#parts.isWelcome()) this.#cut('unwelcome');
    else if (this.#stall === null) this.#write(':\n\n');
  }

  #cut(how: StreamEnd): void {
    this.#finish(how);
    this.#parts.response.destroy();
  }

  #finish(how: StreamEnd): void {
    if (this.#over) return;
    this.#over = true;
    clearInterval(this.#heartbeat);
    if (this.#stall !== null) clearTimeout(this.#stall);
    this.#reader.close();
    this.#parts.ended(how);
  }
}
