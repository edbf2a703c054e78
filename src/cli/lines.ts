import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

/** CONTRACT section 3: a longer line is answered without being read. */
const MAX_LINE_OCTETS = 1024 * 1024;

const NEWLINE = 0x0a;

/** Splits octets at newlines and holds at most one line. Of a line that is too long nothing is kept; it comes out as null. */
class LineSplitter {
  #parts: Uint8Array[] = [];
  #length = 0;

  *push(chunk: Uint8Array): Generator<Uint8Array | null> {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      this.#take(chunk.subarray(from, at));
      yield this.#line();
      from = at + 1;
    }
    this.#take(chunk.subarray(from));
  }

  /** The last line needs no newline. */
  *end(): Generator<Uint8Array | null> {
    if (this.#length > 0) yield this.#line();
  }

  #take(part: Uint8Array): void {
    this.#length += part.length;
    if (this.#length > MAX_LINE_OCTETS) this.#parts = [];
    else if (part.length > 0) this.#parts.push(part);
  }

  #line(): Uint8Array | null {
    const line = this.#length > MAX_LINE_OCTETS ? null : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#length = 0;
    return line;
  }
}

/** The lines of `input` as octets without their newline; null for one over 1 MiB. */
export async function* inputLines(input: Readable): AsyncGenerator<Uint8Array | null> {
  const splitter = new LineSplitter();
  for await (const chunk of input) yield* splitter.push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk));
  yield* splitter.end();
}

/**
 * Answers every line of `input` on `output`, one line each, in order, as they come. `answer` gets the octets of a line without its newline, or null
 * for one over 1 MiB, and must not throw. Memory is bounded by one line: writing waits until `output` has drained.
 */
export const runLines = async (input: Readable, output: Writable, answer: (line: Uint8Array | null) => object): Promise<void> => {
  for await (const line of inputLines(input)) {
    if (!output.write(`${JSON.stringify(answer(line))}\n`)) await once(output, 'drain');
  }
};
