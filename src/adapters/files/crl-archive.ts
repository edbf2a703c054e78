import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { decodeBase64, encodeBase64, parseStrictJson } from '../../encoding/index.js';
import type { CrlArchive, KeptCrl } from '../../ports/index.js';
import { closing, makeDurableDirectory } from './durable-file.js';
import { nodeFileSystem, type FileSystem } from './file-system.js';

/*
 * One file a place: a line of JSON (URL, time, signers, digest of the CRL), then the CRL. Replaced like every other file here:
 *  1 the temporary file           the old CRL, and a temporary file that nothing reads: the next attempt replaces it
 *  2 its fdatasync                the same
 *  3 rename                       old or new, whole either way
 *  4 fsync of the folder          the new CRL, for good
 */

const SUFFIX = '.crl';
const LINE_FEED = 0x0a;
/** The line holds a URL and at most a few certificates. */
const MAX_LINE = 256 * 1024;
/** So much at once: tens of megabytes are hashed without holding anybody up. */
const PIECE = 1 << 20;

/** The last good CRL of each place, in files. `directory` may hold nothing else. */
export class FileCrlArchive implements CrlArchive {
  readonly #directory: string;
  readonly #fs: FileSystem;

  constructor(directory: string, fs: FileSystem = nodeFileSystem) {
    this.#directory = directory;
    this.#fs = fs;
  }

  async load(): Promise<{ readonly kept: readonly KeptCrl[]; readonly damaged: readonly string[] }> {
    const kept: KeptCrl[] = [];
    const damaged: string[] = [];
    for (const name of await this.#fs.list(this.#directory)) {
      if (!name.endsWith(SUFFIX)) continue;
      const path = join(this.#directory, name);
      const read = readKept(await this.#fs.readWhole(path));
      const whole = read !== null && name === nameOf(read.kept.url) && (await digestOf(read.kept.crl)) === read.digest;
      if (whole) kept.push(read.kept);
      else damaged.push(`${path}: is damaged: the CRL is fetched again, and an older one than it was would not be noticed`);
    }
    return { kept, damaged };
  }

  async save(kept: KeptCrl): Promise<void> {
    await makeDurableDirectory(this.#fs, this.#directory, dirname(this.#directory));
    const path = join(this.#directory, nameOf(kept.url));
    const temporary = `${path}.tmp`;
    const line = await lineOf(kept);
    await this.#fs.remove(temporary);
    const file = await this.#fs.open(temporary, 'create');
    await closing(file, async () => {
      await file.write(line, 0);
      await file.write(kept.crl, line.length);
      await file.datasync();
    });
    await this.#fs.rename(temporary, path);
    await this.#fs.syncDirectory(this.#directory);
  }

  async remove(url: string): Promise<void> {
    await this.#fs.remove(join(this.#directory, nameOf(url)));
  }
}

const nameOf = (url: string): string => `${createHash('sha256').update(url).digest('hex')}${SUFFIX}`;

const digestOf = async (octets: Uint8Array): Promise<string> => {
  const hash = createHash('sha256');
  for (let at = 0; at < octets.length; at += PIECE) {
    hash.update(octets.subarray(at, at + PIECE));
    await nextTurn();
  }
  return hash.digest('hex');
};

const lineOf = async ({ url, crl, signers, fetchedAt }: KeptCrl): Promise<Buffer> =>
  Buffer.from(`${JSON.stringify({ url, fetchedAt, digest: await digestOf(crl), signers: signers.map((der) => encodeBase64(der)) })}\n`);

const readKept = (octets: Buffer | null): { readonly kept: KeptCrl; readonly digest: string } | null => {
  const end = octets?.subarray(0, MAX_LINE).indexOf(LINE_FEED) ?? -1;
  if (octets === null || end < 0) return null;
  const line = parseLine(octets.subarray(0, end));
  if (line === null) return null;
  const { digest, ...rest } = line;
  return { kept: { ...rest, crl: octets.subarray(end + 1) }, digest };
};

const parseLine = (octets: Uint8Array): (Omit<KeptCrl, 'crl'> & { readonly digest: string }) | null => {
  let value: unknown;
  try {
    value = parseStrictJson(octets);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { url, fetchedAt, digest, signers } = value as Readonly<Record<string, unknown>>;
  if (typeof url !== 'string' || typeof fetchedAt !== 'number' || typeof digest !== 'string' || !Array.isArray(signers)) return null;
  const ders = signers.map((text: unknown) => (typeof text === 'string' ? decodeBase64(text) : null));
  const whole = ders.filter((der) => der !== null);
  return whole.length === ders.length ? { url, fetchedAt, digest, signers: whole } : null;
};
