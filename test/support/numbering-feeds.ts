import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Issued } from './raw-certificate.js';
import { compactJws } from './trust-lists.js';

export const sha256Of = (text: string): string => createHash('sha256').update(text).digest('hex');

export const csvOf = (rows: readonly string[]): string => ['spc,start,count,validFrom', ...rows, ''].join('\n');

export interface FeedPlan {
  readonly signer: Issued;
  readonly rows: readonly string[];
  readonly name?: string;
  readonly sequence?: number;
  /** Of a delta; absent: a full list. */
  readonly base?: number;
  /** Seconds. */
  readonly iat: number;
  readonly exp: number;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly payload?: Readonly<Record<string, unknown>>;
}

/** A feed as its maker would write it, by node:crypto alone: the statement, and its rows. */
export const makeFeed = ({ signer, rows, name = 'national', sequence = 1, base, iat, exp, header = {}, payload = {} }: FeedPlan) => {
  const csv = csvOf(rows);
  const sha256 = sha256Of(csv);
  const mode = base === undefined ? { mode: 'full' } : { mode: 'delta', base };
  const statement = compactJws(
    JSON.stringify({ alg: 'ES256', typ: 'numbering+jwt', x5c: [signer.der.toString('base64')], ...header }),
    JSON.stringify({ name, sequence, iat, exp, ...mode, sha256, rows: rows.length, ...payload }),
    signer.key.privateKey,
  );
  return { statement, csv, sha256 };
};

/** Puts a feed where a gateway takes it from: rows first. */
export const placeFeed = (file: string, { statement, csv, sha256 }: ReturnType<typeof makeFeed>): void => {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(join(dirname(file), `${sha256}.csv`), csv);
  writeFileSync(file, `${statement}\n`);
};
