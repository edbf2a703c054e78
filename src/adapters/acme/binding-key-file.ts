import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { decodeBase64url, encodeBase64url } from '../../encoding/index.js';
import { isDomain } from '../../identifiers/index.js';
import type { BindingKey, BindingKeys } from '../../issuance/acme/index.js';
import type { RandomSource } from '../../ports/index.js';

const line = z.strictObject({
  kid: z.string(),
  domain: z.string().refine(isDomain),
  /** base64url. */
  key: z.string().refine((text) => decodeBase64url(text)?.length === 32),
  /** Seconds. */
  at: z.int().min(0),
});
type Line = z.infer<typeof line>;

const NEWLINE = 0x0a;

const isMissing = (error: unknown): boolean => typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';

const linesOf = async (path: string): Promise<Line[]> => {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
  // A last line without its end is one that is being written: its key was not printed yet.
  return text
    .split('\n')
    .slice(0, -1)
    .map((row, index) => {
      const parsed = line.safeParse(parsedRow(row));
      if (!parsed.success) throw new Error(`line ${index + 1} of the binding keys is broken`);
      return parsed.data;
    });
};

const parsedRow = (row: string): unknown => {
  try {
    return JSON.parse(row);
  } catch {
    return null;
  }
};

/** Keys for external account binding (RFC 8555 section 7.3.4), one JSON line each, readable by the owner alone. A line that is removed takes its key back. */
export class BindingKeyFile implements BindingKeys {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async find(kid: string): Promise<BindingKey | null> {
    const found = (await linesOf(this.#path)).find((one) => one.kid === kid);
    return found === undefined ? null : { domain: found.domain, key: decodeBase64url(found.key) ?? new Uint8Array() };
  }

  /** A fresh key for one AP; durable before it is handed out. `now` in ms since 1970. */
  add(domain: string, random: RandomSource, now: number): { readonly kid: string; readonly key: string } {
    const made = { kid: encodeBase64url(random(16)), domain, key: encodeBase64url(random(32)), at: Math.floor(now / 1000) };
    const file = openSync(this.#path, 'a+', 0o600);
    try {
      // A line that its writer did not live to end was never printed, and must not spoil this one.
      const octets = readFileSync(file);
      const end = octets.lastIndexOf(NEWLINE) + 1;
      if (end < octets.length) ftruncateSync(file, end);
      writeSync(file, `${JSON.stringify(line.parse(made))}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    const folder = openSync(dirname(this.#path), 'r');
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
    return { kid: made.kid, key: made.key };
  }
}
