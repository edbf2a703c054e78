import { createPrivateKey, createPublicKey } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as waitFor } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { readCertificates, readPrivateKey, writeCertificates, writePrivateKey, writeSecret } from '../adapters/desk/index.js';
import { AcmeClient, AcmeRefusal, dueAt, keepRenewed, type CredentialWish, type RenewingParts, type Validity } from '../client/index.js';
import { newKeyPair, numberEntries, type KeyPair, type NumberRange } from '../issuance/index.js';
import { encodeTnAuthList, parseCertificate } from '../x509/index.js';
import { Usage } from './ap-caller.js';
import { reportError, type Report } from './ap-report.js';
import { NOTHING, collectNumbers, parseDuration } from './np-options.js';
import { instant } from './np-report.js';

export interface EnrollOptions {
  readonly acme: string;
  readonly ca?: string;
  readonly eab?: string;
  readonly numbers: readonly NumberRange[];
  readonly range: readonly NumberRange[];
  readonly out: string;
  readonly lifetime?: number;
  readonly star?: true;
  readonly agreeToTerms?: true;
  readonly for: number;
  readonly watch?: true;
  readonly json?: true;
}

const eabFile = z.object({ kid: z.string(), key: z.string() });
/** What a later run goes on from. */
const stateFile = z.strictObject({ account: z.string(), star: z.string().nullable(), numbers: z.string() });
type State = z.infer<typeof stateFile>;

/** A directory URL, or an origin of which it is the usual one. */
const directoryOf = (url: string): string => {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed?.protocol !== 'https:') throw new Usage('--acme is no https URL, such as https://np.example:8444');
  return parsed.pathname === '/' ? new URL('/acme/directory', parsed).href : parsed.href;
};

/**
 * The files of one AP's enrolment. Writes of a credential, and what a process that ends after each leaves: (1) the new key beside the old one; (2) the new path
 * over the old; (3) the new key over the old. After (2) the key still stands beside, and the next run puts it in its place.
 */
class Enrolment {
  readonly #options: EnrollOptions;
  readonly #now: () => number;
  readonly #client: AcmeClient;
  readonly #value: Buffer;

  /** @param now ms since 1970 */
  constructor(options: EnrollOptions, now: () => number) {
    this.#options = options;
    this.#now = now;
    this.#value = encodeTnAuthList(numberEntries([...options.numbers, ...options.range]));
    mkdirSync(options.out, { recursive: true, mode: 0o700 });
    const account = this.#state()?.account;
    this.#client = new AcmeClient({
      url: directoryOf(options.acme),
      accountKey: this.#accountKey(),
      ...(account === undefined ? {} : { account }),
      ...(options.ca === undefined ? {} : { ca: readFileSync(options.ca, 'utf8') }),
    });
  }

  close(): void {
    this.#client.close();
  }

  at(name: string): string {
    return join(this.#options.out, name);
  }

  #state(): State | null {
    const file = this.at('acme.json');
    return existsSync(file) ? readJson(file, stateFile, 'what an earlier run left') : null;
  }

  #accountKey(): KeyPair['privateKey'] {
    const file = this.at('account.key.pem');
    if (!existsSync(file)) {
      // A fresh key is not that of the account: every request would be refused as forged.
      if (this.#state() !== null)
        throw new Usage(`${file} is gone, and with it the account: put it back, or remove acme.json and enrol with another --eab`);
      writePrivateKey(file, newKeyPair().privateKey);
    }
    return readPrivateKey(file);
  }

  /** The credential that is there, if it is for these numbers. */
  current(): Validity | null {
    if (!existsSync(this.at('credential.pem')) || this.#state()?.numbers !== this.#value.toString('base64url')) return null;
    this.#settleKey();
    return parseCertificate(readCertificates(this.at('credential.pem'))[0] ?? Buffer.alloc(0));
  }

  /** Finishes what an earlier run left after its second write. */
  #settleKey(): void {
    if (!existsSync(this.at('credential.next.key.pem'))) return;
    const { spki } = parseCertificate(readCertificates(this.at('credential.pem'))[0] ?? Buffer.alloc(0)).publicKey;
    const isNext = Buffer.compare(pairOf(this.at('credential.next.key.pem')).spki, spki) === 0;
    if (isNext) renameSync(this.at('credential.next.key.pem'), this.at('credential.key.pem'));
  }

  /** The next credential: fetched where the provider renews it, else ordered for a fresh key. */
  async renew(): Promise<Validity> {
    await this.#enrol();
    const star = this.current() === null ? null : (this.#state()?.star ?? null);
    return (star === null ? null : await this.#fetched(star)) ?? (await this.#ordered());
  }

  /** Null when the renewal has ended, and another order is to be made. */
  async #fetched(star: string): Promise<Validity | null> {
    try {
      const fetched = await this.#client.fetch(star, pairOf(this.at('credential.key.pem')), this.#value);
      writeCertificates(this.at('credential.pem'), fetched.path);
      return fetched;
    } catch (error) {
      if (error instanceof AcmeRefusal && /^autoRenewal(Canceled|Expired)$/.test(error.type)) return null;
      throw error;
    }
  }

  async #ordered(): Promise<Validity> {
    const key = newKeyPair();
    writePrivateKey(this.at('credential.next.key.pem'), key.privateKey);
    const obtained = await this.#client.obtain(this.#wish(), key);
    writeCertificates(this.at('credential.pem'), obtained.path);
    renameSync(this.at('credential.next.key.pem'), this.at('credential.key.pem'));
    this.#writeState(obtained.star, this.#value.toString('base64url'));
    return obtained;
  }

  #wish(): CredentialWish {
    const { numbers, range, lifetime, star } = this.#options;
    const all = [...numbers, ...range];
    const now = this.#now();
    if (star === true)
      return { numbers: all, renewal: { lifetime: lifetime ?? parseDuration('24h'), end: now + this.#options.for * 1000 } };
    return lifetime === undefined ? { numbers: all } : { numbers: all, notAfter: now + lifetime * 1000 };
  }

  async #enrol(): Promise<void> {
    if (this.#client.account !== null) return;
    if (this.#options.eab === undefined) throw new Usage('the first time the provider’s key is needed: give --eab');
    await this.#client.enrol(readJson(this.#options.eab, eabFile, 'what np enrol-key printed'), {
      agreesToTerms: this.#options.agreeToTerms === true,
    });
    this.#writeState(null, '');
  }

  #writeState(star: string | null, numbers: string): void {
    const state: State = { account: this.#client.account ?? '', star, numbers };
    writeSecret(this.at('acme.json'), `${JSON.stringify(stateFile.parse(state))}\n`);
  }
}

/** @throws Usage when the file is not `what` it is taken for */
const readJson = <T>(file: string, shape: z.ZodType<T>, what: string): T => {
  const text = readFileSync(file, 'utf8');
  try {
    return shape.parse(JSON.parse(text));
  } catch {
    throw new Usage(`${file} is not ${what}`);
  }
};

const pairOf = (file: string): KeyPair => {
  const privateKey = createPrivateKey(readFileSync(file));
  return { privateKey, spki: createPublicKey(privateKey).export({ type: 'spki', format: 'der' }) };
};

/** The system's clock, and a wait that SIGTERM ends. */
export const SYSTEM: Pick<RenewingParts, 'now' | 'wait'> = {
  now: () => Date.now(),
  wait: async (ms, signal) => {
    try {
      await waitFor(ms, undefined, { signal });
    } catch {
      // Aborted: the loop ends by itself.
    }
  },
};

/** Enrols an AP once and gets its credential, or renews what is at half of its life; with `watch` goes on doing so until SIGTERM. */
export const enroll = async (options: EnrollOptions, world = SYSTEM, stop = new AbortController()): Promise<Report> => {
  if (options.numbers.length + options.range.length === 0) throw new Usage('over which numbers? give --numbers or --range');
  const enrolment = new Enrolment(options, world.now);
  try {
    const current = enrolment.current();
    const isDue = current === null || dueAt(current) <= world.now();
    const validity = isDue ? await enrolment.renew() : current;
    const report = told(enrolment, validity, isDue);
    if (options.watch !== true) return report;
    const line = options.json === true ? JSON.stringify(report.json) : report.words;
    await watch({ enrolment, validity, line }, world, stop);
    return { code: 0, json: null, words: '' };
  } finally {
    enrolment.close();
  }
};

interface Watched {
  readonly enrolment: Enrolment;
  readonly validity: Validity;
  /** Said once signals are heeded: who reads it may stop this process. */
  readonly line: string;
}

const watch = async ({ enrolment, validity, line }: Watched, world: typeof SYSTEM, stop: AbortController): Promise<void> => {
  const end = (): void => stop.abort();
  const onFailure = (error: unknown): void => void process.stderr.write(`${JSON.stringify(reportError(error).json)}\n`);
  process.once('SIGTERM', end).once('SIGINT', end);
  process.stdout.write(`${line}\n`);
  try {
    await keepRenewed(validity, { ...world, renew: () => enrolment.renew(), onFailure }, stop.signal);
  } finally {
    process.off('SIGTERM', end).off('SIGINT', end);
  }
};

const told = (enrolment: Enrolment, { notAfter }: Validity, renewed: boolean): Report => {
  const json = { chain: enrolment.at('credential.pem'), key: enrolment.at('credential.key.pem'), notAfter: instant(notAfter), renewed };
  return { code: 0, json, words: `${json.chain}\n${json.key}\ngood until ${json.notAfter}` };
};

export const enrollCommand = (ap: Command): Command =>
  ap
    .command('enroll')
    .description("get a delegate credential from a provider's ACME server, and renew it at half of its life")
    .exitOverride()
    .requiredOption('--acme <url>', "the provider's server, or its ACME directory")
    .option('--ca <file>', "PEM of the authority of the provider's TLS certificate")
    .option('--eab <file>', 'what np enrol-key printed; needed the first time')
    .option('--numbers <number>', 'one number; may be repeated', collectNumbers, NOTHING)
    .option('--range <start+count>', 'a range; may be repeated', collectNumbers, NOTHING)
    .requiredOption('--out <dir>', 'where account.key.pem, credential.pem and credential.key.pem are kept')
    .option('--lifetime <duration>', 'of each credential; absent: as the provider likes', parseDuration)
    .option('--star', 'let the provider renew it by itself, under one key (RFC 8739)')
    .addOption(
      new Option('--for <duration>', 'how long it is to be renewed so').argParser(parseDuration).default(parseDuration('90d'), '90d'),
    )
    .option('--agree-to-terms', "agree to the provider's terms, which its directory names")
    .option('--watch', 'go on renewing until SIGTERM')
    .option('--json', 'JSON to standard output');
