import { X509Certificate, createPrivateKey } from 'node:crypto';
import { isNativeError } from 'node:util/types';
import type { Logger } from 'pino';
import { ConfigurationProblems, ProblemList } from './adapters/configuration/index.js';
import { StorageFault, openWitnessDirectory, type FileSystem } from './adapters/files/index.js';
import { systemClock, systemRandom } from './adapters/system/index.js';
import { Witness } from './gateway/witness.js';
import { createWitnessServer, type ServerCredentials } from './http/index.js';
import { KEY_TYPE, isKeyName, parseVkey, type VerificationKey } from './log/index.js';
import type { Clock, RandomSource } from './ports/index.js';
import { Refusal } from './reasons/index.js';

export interface WitnessOptions {
  readonly dataDir: string;
  /** Name of the key; must be the same at every start. */
  readonly name: string;
  /** Verifier keys of the logs; the name of each is its origin. */
  readonly logs: readonly string[];
  /** PEM files of the TLS server. */
  readonly tlsCert: string;
  readonly tlsKey: string;
  /** 0: the system chooses. */
  readonly port: number;
  readonly host?: string;
  readonly clock?: Clock;
  readonly random?: RandomSource;
  readonly fs?: FileSystem;
  readonly log: Logger;
}

export interface WitnessHandle {
  readonly url: string;
  readonly port: number;
  readonly vkey: string;
  /** Finishes what is in flight. */
  stop(): Promise<void>;
}

/**
 * Puts a witness together (ADR 19). It knows neither gateway nor desk.
 * @throws ConfigurationProblems everything that stands in the way of a start, each with what to do
 */
export const startWitness = async (options: WitnessOptions): Promise<WitnessHandle> => {
  const list = new ProblemList();
  const logs = options.logs.flatMap((vkey) => logKey(vkey, list));
  if (logs.length === 0 && list.problems.length === 0) list.add('no log is named: give --log, or name some in --config');
  if (!isKeyName(options.name)) list.add('the name holds a space or a plus, or is empty: choose another with --name');
  const credentials = await readCredentials(options, list);
  if (credentials === null || list.problems.length > 0) throw new ConfigurationProblems(list.problems);
  try {
    return await compose(options, credentials, logs);
  } catch (error) {
    throw problemsOf(error);
  }
};

const compose = async (options: WitnessOptions, credentials: ServerCredentials, logs: VerificationKey[]): Promise<WitnessHandle> => {
  const { log, clock = systemClock, random = systemRandom, host = '127.0.0.1', name, fs } = options;
  const directory = await openWitnessDirectory(options.dataDir, { name, ...(fs === undefined ? {} : { fs }) });
  try {
    const { signer, vkey } = directory;
    const witness = await Witness.open({ signer, logs, registerOf: (origin) => directory.registerOf(origin), clock });
    const server = createWitnessServer({ witness, credentials, clock, random, log });
    const port = await server.listen(options.port, host);
    log.info({ port, origins: witness.origins }, 'listening');
    return {
      url: `https://${host}:${port}`,
      port,
      vkey,
      async stop() {
        log.info('draining');
        await server.drain();
        await directory.close();
        log.info('stopped');
      },
    };
  } catch (error) {
    await directory.close();
    throw error;
  }
};

/** A log signs with Ed25519; a cosigner's key would let a witness vouch for itself. */
const logKey = (vkey: string, list: ProblemList): VerificationKey[] => {
  try {
    const key = parseVkey(vkey);
    if (key.type === KEY_TYPE.ed25519) return [key];
    list.add(`${key.name}: is the key of a witness, not of a log: give the log's verifier key`);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    list.add(`${vkey}: is no verifier key (${error.detail ?? error.reason}): copy it whole, name+id+key`);
  }
  return [];
};

const readCredentials = async ({ tlsCert, tlsKey, clock = systemClock }: WitnessOptions, list: ProblemList) => {
  const cert = await list.read(tlsCert, "the server's certificate");
  const key = await list.read(tlsKey, "the server's key");
  if (cert === null || key === null) return null;
  const certificate = list.parse(tlsCert, "the server's certificate", () => new X509Certificate(cert));
  const privateKey = list.parse(tlsKey, "the server's key", () => createPrivateKey(key));
  if (certificate === null || privateKey === null) return null;
  if (!certificate.checkPrivateKey(privateKey)) list.add(`${tlsKey}: is not the key of ${tlsCert}: give the pair`);
  if (Date.parse(certificate.validTo) <= clock.now()) list.add(`${tlsCert}: has run out: issue a new one`);
  return { key, cert, clientAuthorities: null };
};

/** What an operator can mend is told as that, and not as a fault. */
const problemsOf = (error: unknown): unknown => {
  if (error instanceof StorageFault || error instanceof Refusal) return new ConfigurationProblems([error.message]);
  if (isNativeError(error) && 'code' in error && error.code === 'EADDRINUSE')
    return new ConfigurationProblems(['the port is taken: stop who has it, or choose another']);
  return error;
};
