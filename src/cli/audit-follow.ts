import { readFile } from 'node:fs/promises';
import { Connection } from '../client/connection.js';
import { encodeBase64 } from '../encoding/index.js';
import { formatVkey, parseVkey, type PolicyWitness, type TlogPolicy, type VerificationKey } from '../log/index.js';
import { FollowMemory, nextAlarms, openAlarms, type Alarm, type FollowState } from './audit-follow-state.js';
import { lookAt, type Look, type LookParts } from './audit-look.js';
import { openPlace, type AuditPlace, type PlaceOptions } from './audit-place.js';
import { policyOfOptions, readPolicyFile, requiredKey, type PolicyOptions } from './audit-policy.js';
import { CannotRun, type AuditReport } from './audit-report.js';
import { tellWebhook, type Webhook } from './audit-webhook.js';

export interface FollowOptions extends PolicyOptions {
  readonly ca?: string;
  readonly state: string;
  readonly once?: boolean;
  readonly every: string;
  readonly maxAge?: string;
  readonly webhook?: string;
  readonly webhookKey?: string;
  readonly json?: boolean;
}

/** Follows a log until it is told to stop, or with `once` looks once. Exit 1 once anything was found that an auditor should know. */
export const auditFollow = async (place: string, options: FollowOptions, stop: AbortSignal): Promise<AuditReport> => {
  const follower = await Follower.open(place, options);
  try {
    let found = false;
    for (;;) {
      const report = await follower.look();
      found ||= report.code === 1;
      if (options.once === true) return report;
      process.stdout.write(`${options.json === true ? JSON.stringify(report.json) : report.words}\n`);
      if (!(await pause(secondsOf(options.every, '--every'), stop))) return { code: found ? 1 : 0, json: {}, words: '' };
    }
  } finally {
    follower.close();
  }
};

/** False: it is time to stop. */
const pause = (seconds: number, stop: AbortSignal): Promise<boolean> =>
  new Promise((resolve) => {
    if (stop.aborted) return resolve(false);
    const ended = (): void => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      stop.removeEventListener('abort', ended);
      resolve(true);
    }, seconds * 1000);
    stop.addEventListener('abort', ended, { once: true });
  });

const secondsOf = (text: string, option: string): number => {
  if (!/^[1-9][0-9]{0,6}$/.test(text)) throw new CannotRun(`${option} is no number of seconds`);
  return Number(text);
};

class Follower {
  readonly #log: AuditPlace;
  readonly #memory: FollowMemory;
  readonly #parts: LookParts;
  readonly #webhook: Webhook | null;
  readonly #witnesses: ReadonlyMap<string, Connection>;

  private constructor(
    log: AuditPlace,
    memory: FollowMemory,
    parts: LookParts,
    webhook: Webhook | null,
    witnesses: Map<string, Connection>,
  ) {
    this.#log = log;
    this.#memory = memory;
    this.#parts = parts;
    this.#webhook = webhook;
    this.#witnesses = witnesses;
  }

  static async open(place: string, options: FollowOptions): Promise<Follower> {
    secondsOf(options.every, '--every');
    const webhook = await webhookOf(options);
    const ca = options.ca === undefined ? {} : { ca: await readFile(options.ca) };
    const file = await readPolicyFile(options);
    const log = await openPlace(place, keyOf(options, file));
    try {
      const policy = file ?? policyWithUrls(log.vkey, options);
      const withUrl = policy.witnesses.filter(({ url }) => url !== null);
      const witnesses = new Map(withUrl.map(({ name, url }) => [name, new Connection({ url: url ?? '', ...ca })]));
      const parts: LookParts = {
        policy,
        read: log.read,
        copyOf: (witness, hash) => copyFrom(witnesses.get(witness.name), witness, hash),
        maxAge: options.maxAge === undefined ? null : secondsOf(options.maxAge, '--max-age'),
        now: () => Date.now(),
      };
      return new Follower(log, new FollowMemory(options.state), parts, webhook, witnesses);
    } catch (error) {
      log.close();
      throw error;
    }
  }

  /** One look: what it found is durable before it is told, and stays to be told until somebody took it. */
  async look(): Promise<AuditReport> {
    const before = await this.#memory.read();
    const look = await lookAt(this.#parts, before);
    const at = new Date(this.#parts.now()).toISOString();
    const alarms = nextAlarms(before.alarms, look.findings, at);
    const state = { ...remembered(before, look, at), alarms };
    await this.#memory.write(state);
    const told = openAlarms(await this.#tell(alarms), look.findings);
    await this.#memory.write({ ...state, alarms: told });
    return reportOf(look, told);
  }

  close(): void {
    this.#log.close();
    for (const connection of this.#witnesses.values()) connection.close();
  }

  async #tell(alarms: readonly Alarm[]): Promise<Alarm[]> {
    const webhook = this.#webhook;
    // Without a webhook the report and the exit code tell.
    if (webhook === null) return alarms.map((one) => ({ ...one, told: true }));
    const told: Alarm[] = [];
    for (const one of alarms) {
      const { told: isTold, ...body } = one;
      told.push({ ...one, told: isTold || (await tellWebhook(webhook, JSON.stringify(body), this.#parts.now)) });
    }
    return told;
  }
}

/** What holds is remembered; what does not leaves the last good checkpoint as it was, so that the alarm stays. */
const remembered = (before: FollowState, { checkpoint, findings, ahead }: Look, at: string): Omit<FollowState, 'alarms'> => {
  const broken = findings.some(({ kind }) => ['rollback', 'fork', 'two-roots', 'unreadable'].includes(kind));
  if (checkpoint === null || broken) return { v: 1, last: before.last, seen: before.seen, ahead };
  const isSame = before.last === checkpoint.note;
  return { v: 1, last: checkpoint.note, seen: isSame ? before.seen : at, ahead };
};

const reportOf = ({ checkpoint, findings }: Look, alarms: readonly Alarm[]): AuditReport => {
  const held =
    checkpoint === null ? null : { size: Number(checkpoint.size), root: encodeBase64(checkpoint.root), witnesses: checkpoint.cosigned };
  const untold = alarms.filter(({ told }) => !told).length;
  const json = { holds: findings.length === 0, ...held, findings, untold };
  if (findings.length === 0 && untold === 0) {
    const by = held === null || held.witnesses.length === 0 ? 'no witness' : held.witnesses.map(({ name }) => name).join(', ');
    return { code: 0, json, words: `holds: ${held?.size ?? 0} entries, continuing what was seen; cosigned by ${by}` };
  }
  const lines = findings.map(({ kind, about, detail }) => `${kind} (${about}): ${detail}`);
  if (untold > 0) lines.push(`${untold} alarms could not be told: they are tried again`);
  return { code: 1, json, words: lines.join('\n') };
};

const copyFrom = async (connection: Connection | undefined, { url }: PolicyWitness, hash: string): Promise<Uint8Array | null> => {
  if (connection === undefined || url === null) return null;
  const { status, body } = await connection.call({ method: 'GET', path: `${new URL(url).pathname.replace(/\/$/, '')}/${hash}/checkpoint` });
  if (status === 404) return null;
  if (status !== 200) throw new Error(`status ${status}`);
  return body;
};

const webhookOf = async ({ webhook, webhookKey }: FollowOptions): Promise<Webhook | null> => {
  if (webhook === undefined) return null;
  if (!URL.canParse(webhook) || new URL(webhook).protocol !== 'https:') throw new CannotRun('--webhook is no https URL');
  if (webhookKey === undefined) throw new CannotRun('--webhook needs --webhook-key: an alarm that nobody signed is no alarm');
  const key = (await readFile(webhookKey, 'utf8')).trim();
  if (key.length < 32) throw new CannotRun('--webhook-key has less than 32 characters');
  return { url: webhook, key: Buffer.from(key) };
};

/** Who is followed under a policy file needs no key from elsewhere. */
const keyOf = ({ ca, logVkey }: FollowOptions, file: TlogPolicy | null): PlaceOptions => {
  const [log] = file?.logs ?? [];
  const key = log === undefined ? logVkey : formatVkey(log.name, log.publicKey);
  return { ...(ca === undefined ? {} : { ca }), ...(key === undefined ? {} : { logVkey: key }) };
};

/** On the command line a URL belongs to the verifier key before it. */
const policyWithUrls = (logVkey: string, options: FollowOptions): TlogPolicy => {
  const words = options.witness ?? [];
  const urls = new Map<string, string>();
  for (const [i, word] of words.entries())
    if (/^https:/i.test(word)) urls.set(octetsOf(parseVkey(requiredKey(words[i - 1], '--witness'))), word);
  const policy = policyOfOptions(logVkey, { ...options, witness: words.filter((word) => !/^https:/i.test(word)) });
  return { ...policy, witnesses: policy.witnesses.map((one) => ({ ...one, url: urls.get(octetsOf(one.key)) ?? null })) };
};

const octetsOf = ({ publicKey }: VerificationKey): string => Buffer.from(publicKey).toString('hex');
