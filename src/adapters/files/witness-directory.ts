import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { NoteSigner, Register } from '../../ports/index.js';
import { refuse } from '../../reasons/index.js';
import { KEY_TYPE, formatVkey, parseVkey } from '../../log/index.js';
import { makeDurableDirectory } from './durable-file.js';
import { nodeFileSystem, type FileSystem } from './file-system.js';
import { KeyFolder, newPem, noteSigner } from './keys.js';
import { DirectoryLock } from './lock.js';
import { FileRegister } from './register.js';

/*
 * A witness's data directory:
 *   keys/witness.key, keys/vkey      Ed25519 (PKCS #8 PEM, 0600) and its verifier key; made at the first start, as a gateway's keys are
 *   checkpoints/<sha256 of origin>   the checkpoint that was cosigned last; replaced whole, durable before it is answered
 *   lock                             one process at a time
 * Never restore checkpoints/ from a backup: it is what keeps a second history from being cosigned.
 */
const CHECKPOINTS = 'checkpoints';

export interface WitnessDirectory {
  readonly signer: NoteSigner;
  /** C2SP tlog-cosignature: of type 0x04. */
  readonly vkey: string;
  registerOf(origin: string): Register;
  /** Gives up the lock. */
  close(): Promise<void>;
}

/** C2SP tlog-witness: the name of an origin in paths, in lower case. */
const nameOf = (origin: string): string => createHash('sha256').update(origin).digest('hex');

/**
 * Opens a witness's data for this process alone, making it at the first start under `name`.
 * @throws StorageFault (held by another process, unreadable); Refusal `log-corrupt` for a key that is missing, or of another name than it was
 */
export const openWitnessDirectory = async (
  directory: string,
  { name, fs = nodeFileSystem }: { readonly name: string; readonly fs?: FileSystem },
): Promise<WitnessDirectory> => {
  await makeDurableDirectory(fs, directory, dirname(directory));
  const lock = await DirectoryLock.acquire(directory, fs);
  try {
    const checkpoints = join(directory, CHECKPOINTS);
    const mayCreate = (await fs.list(checkpoints)).length === 0;
    const keys = join(directory, 'keys');
    if (mayCreate) await makeDurableDirectory(fs, keys, directory);
    const { signer, vkey } = await openKey(new KeyFolder(fs, keys, mayCreate), name);
    return {
      signer,
      vkey,
      registerOf: (origin) => new FileRegister(join(checkpoints, nameOf(origin)), fs),
      close: () => lock.release(),
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
};

const openKey = async (folder: KeyFolder, name: string): Promise<Pick<WitnessDirectory, 'signer' | 'vkey'>> => {
  const signer = await folder.readOrMake('witness.key', newPem, (pem, path) => noteSigner(name, pem, path));
  const vkey = formatVkey(name, signer.publicKey, KEY_TYPE.cosignature);
  const given = await folder.readOrMake(
    'vkey',
    () => `${vkey}\n`,
    (octets) => octets.toString('utf8').trimEnd(),
  );
  if (given === vkey) return { signer, vkey };
  return refuse('log-corrupt', `keys/vkey is not of keys/witness.key and this name: ${nameIn(given)}`);
};

/** What a witness was called at its first start, where that can be read. */
const nameIn = (vkey: string): string => {
  try {
    return `it was made for ${parseVkey(vkey).name}`;
  } catch {
    return 'restore it from a backup';
  }
};
