import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { FileSystem } from '../../src/adapters/files/index.js';
import { Connection } from '../../src/client/index.js';
import { TileBuilder, TileProver, encodeAddCheckpoint, formatCheckpoint, signNote, tilePath, type Signer } from '../../src/log/index.js';
import { startWitness, type WitnessHandle } from '../../src/witness.js';
import { testEntry, vkeyOf } from './log-fixtures.js';
import { originTrust, serverIdentity } from './tls-origin.js';

/** A log in memory: its published files, and what it would send to a witness. */
export class MemoryLog {
  readonly signer: Signer;
  readonly #entry: (n: number) => Uint8Array;
  readonly #files = new Map<string, Uint8Array>();
  readonly #builder = new TileBuilder();
  readonly #roots = new Map<number, Uint8Array>();

  constructor(signer: Signer, entry: (n: number) => Uint8Array = testEntry) {
    this.signer = signer;
    this.#entry = entry;
    this.#roots.set(0, this.#builder.root());
  }

  growTo(size: number): this {
    while (this.#builder.size < size) {
      for (const { path, octets } of this.#builder.append(this.#entry(this.#builder.size))) this.#files.set(path, octets);
      if (this.#builder.size < 1000 || this.#builder.size === size) this.#show();
    }
    return this;
  }

  #show(): void {
    for (const { path, octets } of this.#builder.partials()) this.#files.set(path, octets);
    this.#roots.set(this.#builder.size, this.#builder.root());
  }

  note(size: number, signers: readonly Signer[] = [this.signer]): string {
    const root = this.growTo(size).#roots.get(size) ?? new Uint8Array(32);
    return signNote(formatCheckpoint({ origin: this.signer.name, size, root }), signers);
  }

  read = (path: string): Promise<Uint8Array | null> => Promise.resolve(this.#files.get(path) ?? null);

  /** Replaces a published file, as a log that lies or a bad disk does. */
  put(path: string, octets: Uint8Array): void {
    this.#files.set(path, octets);
  }

  async request(oldSize: number, size: number): Promise<string> {
    this.growTo(size);
    const proof = oldSize === 0 || oldSize >= size ? [] : await new TileProver(size, this.read).consistency(oldSize);
    return encodeAddCheckpoint({ oldSize, proof, checkpoint: this.note(size) });
  }

  tileOf = (level: number | 'entries', index: number, width: number): string => tilePath({ level, index, width });
}

export interface RunWitness {
  readonly handle: WitnessHandle;
  /** By the name in its certificate. */
  readonly url: string;
  readonly directory: string;
  readonly connection: Connection;
  stop(): Promise<void>;
}

const silent = pino({ level: 'silent' });

export const trust = originTrust;

export interface WitnessSettings {
  readonly logs: readonly Signer[];
  readonly directory: string;
  readonly name?: string;
  readonly now?: () => number;
  readonly fs?: FileSystem;
}

let identity: { cert: string; key: string } | null = null;

/** Files of a TLS server called localhost. */
export const writeIdentity = async (folder: string): Promise<{ tlsCert: string; tlsKey: string }> => {
  identity ??= serverIdentity(['localhost']);
  const [tlsCert, tlsKey] = [join(folder, 'server.pem'), join(folder, 'server.key.pem')];
  await writeFile(tlsCert, identity.cert);
  await writeFile(tlsKey, identity.key);
  return { tlsCert, tlsKey };
};

export const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'signpost-witness-'));
export const removeFolder = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true });

/** A witness on a port of the system's choosing, over TLS. */
export const runWitness = async ({ logs, directory, name = 'witness.example/w1', now, fs }: WitnessSettings): Promise<RunWitness> => {
  const handle = await startWitness({
    dataDir: join(directory, 'data'),
    name,
    logs: logs.map((log) => vkeyOf(log)),
    ...(await writeIdentity(directory)),
    port: 0,
    random: randomBytes,
    ...(now === undefined ? {} : { clock: { now, monotonic: () => performance.now() } }),
    ...(fs === undefined ? {} : { fs }),
    log: silent,
  });
  const url = `https://localhost:${handle.port}`;
  const connection = new Connection({ url, ca: trust() });
  return {
    handle,
    url,
    directory,
    connection,
    async stop() {
      connection.close();
      await handle.stop();
    },
  };
};
