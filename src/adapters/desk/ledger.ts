import { closeSync, existsSync, fsyncSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { REVOCATION_REASONS, type RevocationReason } from '../../issuance/index.js';
import { syncDirectory } from './pem-files.js';

const isRevocationReason = (text: string): text is RevocationReason => Object.hasOwn(REVOCATION_REASONS, text);
const hex = z.string().regex(/^([0-9a-f]{2})+$/);
/** Seconds since 1970. */
const seconds = z.int().min(0);

const issued = z.strictObject({
  event: z.literal('issued'),
  at: seconds,
  use: z.enum(['root', 'ca', 'own', 'delegate', 'delegate-ca', 'mailbox']),
  serial: hex,
  /** Who holds the key: the desk itself, an AP's or enterprise's domain, a mailbox. */
  holder: z.string(),
  /** SHA-256 of the certificate, and of its SubjectPublicKeyInfo. */
  fingerprint: hex,
  spki: hex,
  notAfter: seconds,
});

const revoked = z.strictObject({
  event: z.literal('revoked'),
  at: seconds,
  serial: hex,
  reason: z.string().refine(isRevocationReason),
  invalidSince: seconds.optional(),
});

const list = z.strictObject({
  event: z.literal('crl'),
  at: seconds,
  issuer: z.enum(['root', 'ca']),
  number: z.int().min(1),
  nextUpdate: seconds,
});

const line = z.discriminatedUnion('event', [issued, revoked, list]);
export type LedgerLine = z.infer<typeof line>;
export type IssuedLine = z.infer<typeof issued>;

/**
 * What a desk ever issued, revoked and published: JSON lines, appended only.
 * A line is durable before the certificate or CRL that it tells of leaves the desk, so nothing is out there that the desk does not know.
 * A last line that a crash cut short was never acted on and is dropped; any other broken line stops the desk.
 */
export class Ledger {
  readonly #path: string;
  readonly #lines: LedgerLine[];

  constructor(path: string) {
    this.#path = path;
    this.#lines = existsSync(path) ? read(path) : [];
  }

  append(entry: LedgerLine): void {
    const file = openSync(this.#path, 'a', 0o600);
    try {
      writeSync(file, `${JSON.stringify(entry)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    if (this.#lines.length === 0) syncDirectory(dirname(this.#path));
    this.#lines.push(entry);
  }

  issued(): IssuedLine[] {
    return this.#lines.filter((entry) => entry.event === 'issued');
  }

  /** One for each certificate: as the last line says, since the first. */
  revoked(): z.infer<typeof revoked>[] {
    const standing = new Map<string, z.infer<typeof revoked>>();
    for (const entry of this.#lines) {
      if (entry.event === 'revoked') standing.set(entry.serial, { ...entry, at: standing.get(entry.serial)?.at ?? entry.at });
    }
    return [...standing.values()];
  }

  /** The latest CRL of an issuer; null before the first. */
  lastList(issuer: 'root' | 'ca'): z.infer<typeof list> | null {
    return this.#lines.findLast((entry): entry is z.infer<typeof list> => entry.event === 'crl' && entry.issuer === issuer) ?? null;
  }
}

const read = (path: string): LedgerLine[] => {
  const octets = readFileSync(path);
  const end = octets.lastIndexOf(0x0a) + 1;
  if (end < octets.length) truncateSync(path, end);
  const rows = octets.subarray(0, end).toString('utf8').split('\n');
  return rows.flatMap((row, index) => {
    if (row === '') return [];
    const parsed = line.safeParse(parseRow(row));
    if (!parsed.success) throw new Error(`line ${index + 1} of the ledger is broken`);
    return [parsed.data];
  });
};

const parseRow = (row: string): unknown => {
  try {
    return JSON.parse(row);
  } catch {
    return null;
  }
};
