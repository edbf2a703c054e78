import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { decodeBase64 } from '../../encoding/index.js';
import { formatVkey, parseVkey, receiptKeyName } from '../../log/index.js';
import type { NoteSigner } from '../../ports/index.js';
import { refuse } from '../../reasons/index.js';
import { makeDurableDirectory, writeWhole } from './durable-file.js';
import { nodeFileSystem, type FileSystem } from './file-system.js';

/*
 * keys/ (folder 0700, files 0600): log.key and receipt.key (Ed25519, PKCS #8 PEM), pepper and vault.key (32 octets in base64, their SHA-256), public.json.
 * First start: each is written under another name, synced, and linked to its own, which never replaces. A crash leaves some of them; the
 * next start makes those that are missing. Once the log has a record, a missing key is an error: a new log key would be another log,
 * a new pepper would lose every fence, a new vault key every opening.
 */

const signLater = promisify(sign);

export interface GatewayKeys {
  readonly log: NoteSigner;
  readonly receipt: NoteSigner;
  /** 32 octets: subjects are known by HMAC(pepper, SII). */
  readonly pepper: Uint8Array;
  /** 32 octets: wraps the keys of the vault. */
  readonly vaultKey: Uint8Array;
  readonly logVkey: string;
  readonly receiptVkey: string;
}

export const KEY_FILES = ['log.key', 'receipt.key', 'pepper', 'vault.key', 'public.json'] as const;

export const newPem = (): string => generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const checkOf = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex');

/** The secret, and its digest: a flipped bit in a pepper would lose every fence without a sign. */
export const newSecret = (): string => {
  const octets = randomBytes(32);
  return `${octets.toString('base64')}\n${checkOf(octets)}\n`;
};

/** Names the file below the data directory, and what to do. */
const unusable = (path: string, why: string): never => refuse('log-corrupt', `keys/${basename(path)} ${why}`);

/** Ed25519 over a note's text, with a key from a file. @throws Refusal `log-corrupt` naming the file when it holds no such key */
export const noteSigner = (name: string, pem: Buffer, path: string): NoteSigner => {
  const key = privateKeyOf(pem, path);
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  return {
    name,
    publicKey: Buffer.from(x ?? '', 'base64url'),
    sign: (message) => sign(null, message, key),
    signInPool: (message) => signLater(null, message, key),
  };
};

const privateKeyOf = (pem: Buffer, path: string): KeyObject => {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    return unusable(path, 'is not a private key in PEM: restore it from a backup');
  }
  return key.asymmetricKeyType === 'ed25519' ? key : unusable(path, 'is not an Ed25519 key');
};

export const secretOf = (text: Buffer, path: string): Uint8Array => {
  const [base64 = '', check] = text.toString('latin1').split('\n');
  const octets = decodeBase64(base64);
  return octets?.length === 32 && check === checkOf(octets)
    ? octets
    : unusable(path, 'is not a secret with its digest: restore it from a backup');
};

/** Secrets in a folder, each made once. */
export class KeyFolder {
  readonly #fs: FileSystem;
  readonly #directory: string;
  readonly #mayCreate: boolean;

  constructor(fs: FileSystem, directory: string, mayCreate: boolean) {
    this.#fs = fs;
    this.#directory = directory;
    this.#mayCreate = mayCreate;
  }

  async readOrMake<T>(name: string, make: () => string, parse: (octets: Buffer, path: string) => T): Promise<T> {
    const path = join(this.#directory, name);
    const octets = (await this.#fs.readWhole(path)) ?? (await this.#make(path, make()));
    return parse(octets, path);
  }

  async #make(path: string, text: string): Promise<Buffer> {
    if (!this.#mayCreate) return unusable(path, 'is missing, and something was signed already: restore it from a backup');
    const temporary = `${path}.new`;
    await writeWhole(this.#fs, temporary, Buffer.from(text));
    await this.#fs.link(temporary, path);
    await this.#fs.remove(temporary);
    await this.#fs.syncDirectory(this.#directory);
    return Buffer.from(text);
  }
}

/**
 * The keys of a gateway; made where they do not exist and `mayCreate` (the log is empty).
 * @throws Refusal `log-corrupt` naming the file that is missing or not what it should be; StorageFault
 */
export const openKeys = async (
  directory: string,
  { origin, mayCreate, fs = nodeFileSystem }: { readonly origin: string; readonly mayCreate: boolean; readonly fs?: FileSystem },
): Promise<GatewayKeys> => {
  if (mayCreate) await makeDurableDirectory(fs, directory, dirname(directory));
  const folder = new KeyFolder(fs, directory, mayCreate);
  const log = await folder.readOrMake('log.key', newPem, (pem, path) => noteSigner(origin, pem, path));
  const receipt = await folder.readOrMake('receipt.key', newPem, (pem, path) => noteSigner(receiptKeyName(origin), pem, path));
  const pepper = await folder.readOrMake('pepper', newSecret, secretOf);
  const vaultKey = await folder.readOrMake('vault.key', newSecret, secretOf);
  const logVkey = formatVkey(origin, log.publicKey);
  const receiptVkey = formatVkey(receipt.name, receipt.publicKey);
  const keys = { origin, logVkey, receiptVkey };
  const make = (): string => `${JSON.stringify(keys)}\n`;
  await folder.readOrMake('public.json', make, (octets, path) => comparePublic(keys, octets, path));
  return { log, receipt, pepper, vaultKey, logVkey, receiptVkey };
};

export interface PublicKeys {
  readonly origin: string;
  readonly logVkey: string;
  readonly receiptVkey: string;
}

/** One log has one origin and one key: what was given out at the first start stays true, or nothing starts. */
const comparePublic = (keys: PublicKeys, octets: Buffer, path: string): void => {
  const given = parsePublic(octets, path);
  if (given.origin !== keys.origin) return unusable(path, 'is of another origin than the configured one');
  for (const [member, file] of [
    ['logVkey', 'log.key'],
    ['receiptVkey', 'receipt.key'],
  ] as const) {
    // A vkey holds a checksum of its key, so it is whole: the private key beside it is the wrong one.
    if (given[member] !== keys[member]) return unusable(join(dirname(path), file), 'does not fit keys/public.json');
  }
};

/** Each vkey is whole, and is of this origin. */
const isConsistent = ({ origin, logVkey, receiptVkey }: PublicKeys): boolean => {
  try {
    return parseVkey(logVkey).name === origin && parseVkey(receiptVkey).name === receiptKeyName(origin);
  } catch {
    return false;
  }
};

const parsePublic = (octets: Buffer | null, path: string): PublicKeys => {
  let value: unknown = null;
  try {
    value = JSON.parse(octets?.toString('utf8') ?? '');
  } catch {
    return unusable(path, NO_PUBLIC_KEYS);
  }
  return isPublicKeys(value) && isConsistent(value) ? value : unusable(path, NO_PUBLIC_KEYS);
};

const NO_PUBLIC_KEYS = 'does not hold the public keys of a log: this is not a data directory, or its keys are lost';

/** `keys/public.json`: what an auditor needs. @throws Refusal `log-corrupt`; StorageFault */
export const readPublicKeys = async (directory: string, fs: FileSystem = nodeFileSystem): Promise<PublicKeys> => {
  const path = join(directory, 'public.json');
  return parsePublic(await fs.readWhole(path), path);
};

const isPublicKeys = (value: unknown): value is PublicKeys =>
  typeof value === 'object' &&
  value !== null &&
  ['origin', 'logVkey', 'receiptVkey'].every((name) => typeof (value as Record<string, unknown>)[name] === 'string');
