import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { Refusal } from '../reasons/index.js';

/** One line of the file, from 1: a PASSporT, or the reason why it is none. */
export interface ImportedLine {
  readonly line: number;
  readonly what: { readonly passport: string } | { readonly reason: string };
}

/** A row of a CSV: what is to be signed. */
export interface ImportRow {
  readonly number: string;
  readonly user: string;
  readonly purpose: 'consumer' | 'business' | null;
  readonly kind: 'user' | 'service' | null;
}

/** What a whole file comes to, before any of it is sent. */
export interface FileFacts {
  readonly lines: number;
  /** SHA-256, hex: results belong to these octets and no others. */
  readonly source: string;
}

const row = z.tuple([
  z.string().min(1),
  z.string().min(1),
  z.enum(['', 'consumer', 'business']).default(''),
  z.enum(['', 'user', 'service']).default(''),
]);
const object = z.strictObject({ passport: z.string().min(1) });
const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** Lines as everybody counts them; a last one without an end counts too. */
const linesOf = (file: string): AsyncIterable<string> => createInterface({ input: createReadStream(file), crlfDelay: Infinity });

export const factsOf = async (file: string): Promise<FileFacts> => {
  const hash = createHash('sha256');
  let ends = 0;
  let last = 10;
  for await (const part of createReadStream(file) as AsyncIterable<Buffer>) {
    hash.update(part);
    for (let at = part.indexOf(10); at !== -1; at = part.indexOf(10, at + 1)) ends += 1;
    last = part.at(-1) ?? last;
  }
  return { lines: last === 10 ? ends : ends + 1, source: hash.digest('hex') };
};

/**
 * The lines of a file, one at a time: `{"passport"}`, a compact PASSporT, or `number,user[,purpose[,kind]]`, which `sign` signs. Empty lines and a
 * CSV's header are passed over. Proves nothing of a PASSporT but that it could be one.
 * @param skip lines that are done
 */
export async function* readImport(
  file: string,
  skip: { has(line: number): boolean },
  sign: (row: ImportRow) => string,
): AsyncGenerator<ImportedLine> {
  let line = 0;
  for await (const text of linesOf(file)) {
    line += 1;
    if (skip.has(line) || text.trim() === '' || (line === 1 && text.startsWith('number,user'))) continue;
    yield { line, what: understand(text.trim(), sign) };
  }
}

const understand = (text: string, sign: (row: ImportRow) => string): ImportedLine['what'] => {
  if (COMPACT.test(text)) return { passport: text };
  if (text.startsWith('{')) return fromJson(text);
  const [number = '', user = '', purpose = '', kind = ''] = row.safeParse(text.split(',').map((field) => field.trim())).data ?? [];
  if (number === '') return { reason: 'malformed-request' };
  try {
    return { passport: sign({ number, user, purpose: purpose === '' ? null : purpose, kind: kind === '' ? null : kind }) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { reason: error.reason };
  }
};

const fromJson = (text: string): ImportedLine['what'] => {
  try {
    const { data } = object.safeParse(JSON.parse(text));
    return data ?? { reason: 'malformed-request' };
  } catch {
    return { reason: 'malformed-json' };
  }
};
