import { resolve } from 'node:path';
import { z } from 'zod';
import { FileRegister } from '../adapters/files/index.js';
import { CannotRun } from './audit-report.js';

/** What an auditor can be woken for. */
export const ALARM_KINDS = ['rollback', 'fork', 'two-roots', 'stale', 'quorum-missing', 'unreadable', 'witness-unreadable'] as const;
export type AlarmKind = (typeof ALARM_KINDS)[number];

export interface Finding {
  readonly kind: AlarmKind;
  /** Whose: `log`, or a witness by its name. */
  readonly about: string;
  readonly detail: string;
  /** Notes that prove it, where there are any. */
  readonly evidence: readonly string[];
}

const alarm = z.strictObject({
  kind: z.enum(ALARM_KINDS),
  about: z.string(),
  detail: z.string(),
  evidence: z.array(z.string()),
  /** ISO 8601: when it was found first. */
  since: z.string(),
  /** Somebody was told. */
  told: z.boolean(),
});

export type Alarm = z.output<typeof alarm>;

const state = z.strictObject({
  v: z.literal(1),
  /** The newest checkpoint note that held; null before the first. */
  last: z.string().nullable(),
  /** ISO 8601: when it was seen first. */
  seen: z.string().nullable(),
  /** Checkpoint notes that witnesses showed before the log did, by witness: the log must come to them. */
  ahead: z.record(z.string(), z.string()),
  alarms: z.array(alarm),
});

export type FollowState = z.output<typeof state>;

const EMPTY: FollowState = { v: 1, last: null, seen: null, ahead: {}, alarms: [] };

/**
 * What an auditor remembers between two looks. Replaced whole and durable before anything is told: a crash after the write has the alarms still to
 * tell, one before it finds them again.
 */
export class FollowMemory {
  readonly #file: string;
  readonly #register: FileRegister;

  constructor(file: string) {
    this.#file = resolve(file);
    this.#register = new FileRegister(this.#file);
  }

  /** @throws CannotRun when the file is not what was written: to begin anew would forget what the log has shown */
  async read(): Promise<FollowState> {
    const octets = await this.#register.read();
    if (octets === null) return EMPTY;
    try {
      return state.parse(JSON.parse(Buffer.from(octets).toString('utf8')));
    } catch {
      throw new CannotRun(`${this.#file} is not a state of audit follow: restore it, or begin anew in another file`);
    }
  }

  async write(next: FollowState): Promise<void> {
    await this.#register.write(Buffer.from(`${JSON.stringify(next, null, 2)}\n`));
  }
}

const keyOf = ({ kind, about }: Pick<Finding, 'kind' | 'about'>): string => `${kind} ${about}`;

/** What still is: found now, or not told yet. */
export const openAlarms = (alarms: readonly Alarm[], found: readonly Finding[]): Alarm[] => {
  const current = new Set(found.map(keyOf));
  return alarms.filter((one) => current.has(keyOf(one)) || !one.told);
};

/** The alarms after a look: what is found anew is to be told; what is over stays until it was told. */
export const nextAlarms = (before: readonly Alarm[], found: readonly Finding[], now: string): Alarm[] => {
  const known = new Map(before.map((one) => [keyOf(one), one]));
  const current = new Set(found.map(keyOf));
  return [
    ...openAlarms(before, found).filter((one) => !current.has(keyOf(one))),
    ...found.map((one) => known.get(keyOf(one)) ?? { ...one, evidence: [...one.evidence], since: now, told: false }),
  ];
};
