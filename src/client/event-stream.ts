import type { IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { NoAnswer, problemError } from './api-refusal.js';
import type { Connection } from './connection.js';
import { pauseAfter } from './retry.js';

export interface WatchOptions {
  /** The `id` of the last event that was acted on, of an earlier run; absent: all that the gateway has kept comes. */
  readonly after?: string;
  /** Ends the watch. */
  readonly signal?: AbortSignal;
}

/** One event of a stream. */
export interface Block {
  readonly event: string;
  readonly id: string | null;
  /** Null: none, which only says where to resume. */
  readonly data: string | null;
}

/** Attempts after which pauses grow no more: some 25 s. */
const MOST_DOUBLINGS = 9;

/**
 * Yields what `eventOf` makes of a stream's blocks (null: nothing), over a new connection where one ends, from where it was: an event that was yielded counts as
 * acted on when the next one is asked for. Ends with `signal`.
 * @throws ApiRefusal for who may not watch; UnexpectedAnswer; NoAnswer where the same must fail again
 */
export async function* followEvents<T>(
  connection: Connection,
  path: string,
  { after, signal }: WatchOptions,
  eventOf: (block: Block) => T | null,
): AsyncGenerator<T> {
  const isWanted = (): boolean => signal?.aborted !== true;
  let last = after;
  for (let failed = 0; isWanted();) {
    let cause: unknown = new NoAnswer('the stream ended', true);
    try {
      for await (const block of blocksOf(connection, path, last, signal)) {
        failed = 0;
        const event = eventOf(block);
        if (event !== null) yield event;
        last = block.id ?? last;
      }
    } catch (error) {
      cause = error;
    }
    if (!isWanted()) return;
    failed = Math.min(failed + 1, MOST_DOUBLINGS);
    const pause = pauseAfter(cause, failed);
    if (pause === null) throw cause;
    await wait(pause, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  }
}

/** The blocks of one stream, to its end. */
async function* blocksOf(
  connection: Connection,
  path: string,
  last: string | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<Block> {
  const headers = last === undefined ? {} : { 'Last-Event-ID': last };
  const { request, response } = connection.stream({ method: 'GET', path, headers });
  const stop = (): void => void request.destroy();
  signal?.addEventListener('abort', stop);
  try {
    request.end();
    const answer = await response;
    if (answer.statusCode !== 200) throw await refusalOf(answer);
    let fields = new Map<string, string>();
    const lines = createInterface({ input: answer, crlfDelay: Infinity });
    // Who reads on hears of an error from the iterator; once nobody does, giving up the request is none.
    lines.on('error', () => undefined);
    for await (const line of lines) {
      const [field, value] = fieldOf(line);
      if (field !== '') fields.set(field, value);
      if (line !== '') continue;
      if (fields.size > 0) yield { event: fields.get('event') ?? '', id: fields.get('id') ?? null, data: fields.get('data') ?? null };
      fields = new Map();
    }
  } catch (error) {
    // What breaks in the middle has a code; what else was thrown says what it is.
    throw typeof error === 'object' && error !== null && 'code' in error ? new NoAnswer('the stream was cut off', true, error) : error;
  } finally {
    signal?.removeEventListener('abort', stop);
    request.destroy();
  }
}

/** HTML Living Standard section 9.2.6: one space after the colon is not of the value, and a line that begins with a colon is a comment. */
const fieldOf = (line: string): readonly [string, string] => {
  const colon = line.indexOf(':');
  return colon < 0 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
};

const refusalOf = async (answer: IncomingMessage): Promise<Error> => {
  const parts: Buffer[] = [];
  for await (const part of answer as AsyncIterable<Buffer>) if (parts.length < 64) parts.push(part);
  return problemError(answer.statusCode ?? 0, Buffer.concat(parts), answer.headers['retry-after']);
};
