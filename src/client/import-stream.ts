import { createInterface } from 'node:readline';
import type { IncomingMessage, ClientRequest } from 'node:http';
import { z } from 'zod';
import { acceptance, readShape } from './answers.js';
import { NoAnswer, problemError, UnexpectedAnswer } from './api-refusal.js';
import type { Connection } from './connection.js';
import { checkReceipt } from './receipt.js';

/** One line's answer: what the same PASSporT alone would have been told. */
const importLine = z.object({
  line: z.int().nonnegative(),
  status: z.int(),
  ...acceptance.partial().shape,
  reason: z.string().optional(),
  step: z.string().nullish(),
  clause: z.string().nullish(),
  detail: z.string().nullish(),
});
export type ImportLine = z.infer<typeof importLine>;

/**
 * Streams PASSporTs, one JSON line each, and yields the answers in order as they come (CONTRACT section 2). Any length: neither side is
 * held in memory. A receipt that does not check ends the import.
 * @throws ApiRefusal when the whole request is refused; NoAnswer when the connection breaks before the last answer: the lines answered so
 * far stand, and to send the others again, or all of them, is safe.
 */
export async function* importPassports(
  connection: Connection,
  receiptVkey: string | undefined,
  passports: Iterable<string> | AsyncIterable<string>,
): AsyncGenerator<ImportLine> {
  const { request, response } = connection.stream({ method: 'POST', path: '/v1/passports', type: 'application/x-ndjson' });
  let failed: { readonly cause: unknown } | null = null;
  const sent = send(request, passports);
  // A source that fails breaks the answer: the reader below then throws what the source threw.
  sent.catch((cause: unknown) => {
    failed = { cause };
    request.destroy();
  });
  try {
    const answer = await response;
    if (answer.statusCode !== 200) throw await refusalOf(answer);
    let answered = 0;
    for await (const text of createInterface({ input: answer, crlfDelay: Infinity })) {
      if (text.trim() === '') continue;
      const line = readShape(text, importLine);
      if (receiptVkey !== undefined && isAcceptance(line)) checkReceipt(line.receipt, receiptVkey, line);
      answered += 1;
      if (line.line !== answered) throw new UnexpectedAnswer('an answer to another line');
      yield line;
    }
    if (answered < (await sent)) throw new NoAnswer('the answer was cut off', true);
  } catch (error) {
    throw sourceFailure(failed) ?? brokenOff(error);
  } finally {
    request.destroy();
  }
}

const send = async (request: ClientRequest, passports: Iterable<string> | AsyncIterable<string>): Promise<number> => {
  let count = 0;
  for await (const passport of passports) {
    if (request.destroyed) break;
    count += 1;
    if (!request.write(`${JSON.stringify({ passport })}\n`) && !request.destroyed) await drained(request);
  }
  request.end();
  return count;
};

/** Resolves when more may be written, or nothing more can be: why it cannot is the reader's to tell. */
const drained = (request: ClientRequest): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      request.off('drain', done).off('close', done);
      resolve();
    };
    request.on('drain', done).on('close', done);
  });

/** Read through a function: what the sender's failure sets, the compiler takes for unset. */
const sourceFailure = (failed: { readonly cause: unknown } | null): unknown => failed?.cause;

/** A stream that ends in the middle of a line or an octet is no answer; what else was thrown already says what it is. */
const brokenOff = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? new NoAnswer('the answer was cut off', true, error) : error;

const refusalOf = async (answer: IncomingMessage): Promise<Error> => {
  const parts: Buffer[] = [];
  for await (const part of answer as AsyncIterable<Buffer>) if (parts.length < 64) parts.push(part);
  return problemError(answer.statusCode ?? 0, Buffer.concat(parts), answer.headers['retry-after']);
};

const isAcceptance = (line: ImportLine): line is ImportLine & { receipt: string; logIndex: number; leafHash: string } => {
  if (line.status !== 200 && line.status !== 201) return false;
  if (line.receipt !== undefined && line.logIndex !== undefined && line.leafHash !== undefined) return true;
  throw new UnexpectedAnswer('an accepted line without a receipt');
};
