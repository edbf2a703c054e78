import type { FeedReader } from './change-feed.js';
import type { SearchRow } from './search-block.js';

/** Why a provider is alarmed. */
export const ALARM_KINDS = ['foreign-credential', 'new-client', 'volume'] as const;
export type AlarmKind = (typeof ALARM_KINDS)[number];

/** What a provider is told; never whose number it is about. */
export interface Alarm {
  /** For resumption. */
  readonly id: string;
  /** Null: alarms are missing before this one; `GET /v1/monitor` tells what is under the provider's name. */
  readonly alarm: AlarmKind | null;
  readonly index: number;
  readonly row: Pick<SearchRow, 'kind' | 'action' | 'client' | 'signer' | 'reason' | 'time'>;
}

/** Alarms are kept for a week of the log's time, and so many of one provider. */
const KEPT_MS = 7 * 86_400_000;
const KEPT = 1_000;

const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;
/** The rule for volume: the first entry under a name by which this hour has at least VOLUME of them and TIMES the mean of the 24 hours before. */
const VOLUME = 100;
const TIMES = 10;

const ID = /^(\d{1,15})-([1-3])$/;

/** What is known of one name: a number provider's SPC or an e-mail provider's domain. */
class Name {
  /** Positions of its alarms: index times 4 and the ordinal of the kind. */
  kept: number[] = [];
  /** Position of the last that is gone. */
  gone = -1;
  readonly clients = new Set<string>();
  readonly wakes = new Set<() => void>();
  /** Entries by the hour since 1970, of 25 hours. */
  readonly hours = new Map<number, number>();
}

/**
 * Alarms as a pure function of the log's entries in order: a restart gives the same ones under the same ids, so a reader that resumes misses none. What is kept of
 * each is its place.
 */
export class Alarms {
  readonly #names = new Map<string, Name>();
  readonly #rowOf: (index: number) => SearchRow;

  constructor(rowOf: (index: number) => SearchRow) {
    this.#rowOf = rowOf;
  }

  /** Every entry, in order. */
  follow(index: number, row: SearchRow): void {
    const { owner, signer, client } = row;
    if (owner !== null) this.#raise(owner, index, row, 'foreign-credential');
    if (signer === null) return;
    const name = this.#name(signer);
    if (row.kind === 'accept' && row.action === 'register' && client !== null && !name.clients.has(client)) {
      name.clients.add(client);
      this.#raise(signer, index, row, 'new-client');
    }
    if (isSpike(name, row.time)) this.#raise(signer, index, row, 'volume');
  }

  /** The alarms of a name after `after`, an id that was told; null: all that are kept. `wake` is called when one comes. */
  read(of: string, after: string | null, wake: () => void): FeedReader<Alarm> {
    const name = this.#name(of);
    const known = after === null ? name.gone : positionOf(after);
    let at = known ?? -1;
    let resetDue = known === null || known < name.gone;
    name.wakes.add(wake);
    const take = (most: number): Alarm[] => {
      resetDue ||= at < name.gone;
      const alarms: Alarm[] = resetDue ? [{ ...this.#alarm(Math.max(name.gone, 0)), alarm: null }] : [];
      if (resetDue) at = name.gone;
      resetDue = false;
      for (const position of name.kept.slice(firstAfter(name.kept, at))) {
        if (alarms.length >= most) break;
        at = position;
        alarms.push(this.#alarm(position));
      }
      return alarms;
    };
    return {
      get id() {
        return resetDue || at < 0 ? null : idOf(at);
      },
      take,
      close: () => {
        name.wakes.delete(wake);
        // An auditor may ask for any name: one that the log does not have is kept for its readers alone.
        if (name.wakes.size === 0 && isUnknown(name) && this.#names.get(of) === name) this.#names.delete(of);
      },
    };
  }

  /** How many names something is known of, or read. */
  get names(): number {
    return this.#names.size;
  }

  #alarm(position: number): Alarm {
    const index = Math.floor(position / 4);
    const { kind, action, client, signer, reason, time } = this.#rowOf(index);
    return {
      id: idOf(position),
      alarm: ALARM_KINDS[(position % 4) - 1] ?? null,
      index,
      row: { kind, action, client, signer, reason, time },
    };
  }

  #raise(of: string, index: number, { time }: SearchRow, kind: AlarmKind): void {
    const name = this.#name(of);
    name.kept.push(index * 4 + ALARM_KINDS.indexOf(kind) + 1);
    let old = Math.max(0, name.kept.length - KEPT);
    while (this.#rowOf(Math.floor((name.kept[old] as number) / 4)).time < time - KEPT_MS) old += 1;
    if (old > 0) {
      name.gone = name.kept[old - 1] as number;
      name.kept = name.kept.slice(old);
    }
    for (const wake of name.wakes) wake();
  }

  #name(of: string): Name {
    let name = this.#names.get(of);
    if (name === undefined) this.#names.set(of, (name = new Name()));
    return name;
  }
}

const isUnknown = ({ kept, gone, hours }: Name): boolean => kept.length === 0 && gone < 0 && hours.size === 0;

/** Counts an entry, and says whether it is the one by which the hour is a spike. */
const isSpike = ({ hours }: Name, time: number): boolean => {
  const hour = Math.floor(time / HOUR_MS);
  const count = (hours.get(hour) ?? 0) + 1;
  hours.set(hour, count);
  if (count === 1) for (const at of hours.keys()) if (at < hour - DAY_HOURS) hours.delete(at);
  if (count < VOLUME) return false;
  let before = 0;
  for (const [at, entries] of hours) if (at < hour) before += entries;
  return count === Math.max(VOLUME, Math.ceil((TIMES * before) / DAY_HOURS));
};

const idOf = (position: number): string => `${Math.floor(position / 4)}-${position % 4}`;

const positionOf = (id: string): number | null => {
  const [, index, ordinal] = ID.exec(id) ?? [];
  return index === undefined ? null : Number(index) * 4 + Number(ordinal);
};

const firstAfter = (positions: readonly number[], at: number): number => {
  let [low, high] = [0, positions.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((positions[middle] as number) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
};
