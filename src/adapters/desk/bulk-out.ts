import { closeSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { nodeDisk, type Disk } from './disk.js';

const header = z.strictObject({
  /** Names the batch in the ledger. */
  batch: z.string().regex(/^([0-9a-f]{2})+$/),
  to: z.string(),
  /** SHA-256 of the orders, hexadecimal: another file is another batch. */
  source: z.string(),
  rows: z.int(),
});
export type BulkHeader = z.infer<typeof header>;

const done = z.object({ row: z.int(), serial: z.string() });

/** One credential handed out. The path is `certificate` and what the last line with `issuers` before it names. */
export interface BulkRow {
  /** Line of the orders, from 1, the header not counted. */
  readonly row: number;
  readonly numbers: readonly string[];
  readonly serial: string;
  readonly notAfter: string;
  /** Base64 of DER. */
  readonly certificate: string;
  /** PKCS#8, PEM; null where the key stays with its owner. */
  readonly key: string | null;
}

const CHUNK = 1 << 20;

/** The whole lines of a file, and how many octets they take: a line that was cut short is not among them. */
const eachLine = (path: string, take: (line: string) => void): number => {
  const file = openSync(path, 'r');
  try {
    const chunk = Buffer.alloc(CHUNK);
    let whole = 0;
    let rest = Buffer.alloc(0);
    for (let octets = readSync(file, chunk); octets > 0; octets = readSync(file, chunk)) {
      const data = Buffer.concat([rest, chunk.subarray(0, octets)]);
      const end = data.lastIndexOf(0x0a) + 1;
      for (const line of data.toString('utf8', 0, end).split('\n').slice(0, -1)) take(line);
      whole += end;
      rest = Buffer.from(data.subarray(end));
    }
    return whole;
  } finally {
    closeSync(file);
  }
};

/**
 * What a bulk delegation hands out: JSON lines, appended only, mode 0600 for the keys in it.
 * Order of writes: (1) the header, synced before anything is issued; then for each part (2) the ledger's lines, synced, (3) the rows here, synced. A process that
 * ends between (2) and (3) has issued what never came out: who goes on finds it in the ledger under the batch and not here, and revokes it.
 */
export class BulkOut {
  readonly header: BulkHeader;
  /** Rows that came out, and the serials of their certificates. */
  readonly rows: ReadonlySet<number>;
  readonly serials: ReadonlySet<string>;
  readonly #path: string;
  readonly #disk: Disk;
  #issuers: string;

  private constructor(path: string, disk: Disk, header: BulkHeader, found: { rows: Set<number>; serials: Set<string>; issuers: string }) {
    this.#path = path;
    this.#disk = disk;
    this.header = header;
    this.rows = found.rows;
    this.serials = found.serials;
    this.#issuers = found.issuers;
  }

  /**
   * Begins a file, or goes on with one that an earlier process left.
   * @throws Error when the file is of other orders or another AP, or is no such file
   */
  static open(path: string, wanted: BulkHeader, disk: Disk = nodeDisk): BulkOut {
    const found = { rows: new Set<number>(), serials: new Set<string>(), issuers: '' };
    let before: BulkHeader | null = null;
    if (disk.stat(path) !== null) {
      const whole = eachLine(path, (line) => {
        before ??= parseHeader(line);
        const value: unknown = JSON.parse(line);
        if (typeof value === 'object' && value !== null && 'issuers' in value) found.issuers = line;
        const row = done.safeParse(value);
        if (!row.success) return;
        found.rows.add(row.data.row);
        found.serials.add(row.data.serial);
      });
      disk.truncate(path, whole);
    }
    const out = new BulkOut(path, disk, before ?? wanted, found);
    if (before === null) out.#begin();
    const { to, source, rows } = out.header;
    if (to !== wanted.to || source !== wanted.source || rows !== wanted.rows) throw new Error('the file holds what came of other orders');
    return out;
  }

  #begin(): void {
    this.#append(JSON.stringify(this.header));
    this.#disk.syncDirectory(dirname(this.#path));
  }

  /** Durable when this returns. `issuers`: the path above the certificates, base64 of DER. */
  append(rows: readonly BulkRow[], issuers: readonly string[]): void {
    const above = JSON.stringify({ issuers });
    this.#append(...(above === this.#issuers ? [] : [above]), ...rows.map((row) => JSON.stringify(row)));
    this.#issuers = above;
  }

  #append(...lines: string[]): void {
    this.#disk.append(this.#path, Buffer.from(lines.map((line) => `${line}\n`).join('')));
    this.#disk.sync(this.#path);
  }
}

const parseHeader = (line: string): BulkHeader => {
  const parsed = header.safeParse(JSON.parse(line));
  if (!parsed.success) throw new Error('the file is no output of a bulk delegation');
  return parsed.data;
};
