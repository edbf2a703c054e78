/**
 * What strangers wrote, as text that cannot pass for anything else: by its grammar all of a leaf is ASCII, so whatever is not
 * (but the dash of a signature line) stands as an escape.
 */
export const visible = (text: string, most = 300): string => {
  const shown = text.slice(0, most).replaceAll(/[^ -~\n\u2014]/gu, escaped);
  return text.length > most ? `${shown}… (${number(text.length)} characters)` : shown;
};

const escaped = (char: string): string => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;

const numbers = new Intl.NumberFormat('en');

export const number = (value: number): string => numbers.format(value);

/** "1 entry", "2 entries". */
export const counted = (count: number, one: string, many: string): string => `${number(count)} ${count === 1 ? one : many}`;

/** UTC, to the second. */
export const moment = (ms: number | null): string =>
  ms === null || !Number.isFinite(ms) || Math.abs(ms) > 8.64e15
    ? 'no time'
    : new Date(ms)
        .toISOString()
        .replace('T', ' ')
        .replace(/\.\d+Z$/, ' UTC');

const SPANS: ReadonlyArray<readonly [ms: number, one: string, many: string]> = [
  [86_400_000, 'day', 'days'],
  [3_600_000, 'hour', 'hours'],
  [60_000, 'minute', 'minutes'],
  [1_000, 'second', 'seconds'],
];

/** A length of time, in the largest unit that it is a multiple of. */
export const duration = (ms: number): string => {
  const [length, one, many] = SPANS.find(([unit]) => ms % unit === 0) ?? [1_000, 'second', 'seconds'];
  return ms === length ? one : counted(Math.round(ms / length), one, many);
};

/** How long ago, in the largest unit that fits. */
export const ago = (ms: number, now: number): string => {
  const past = now - ms;
  if (past < 0) return past < -5_000 ? `in the future by this machine's clock` : 'now';
  const span = SPANS.find(([length]) => past >= length);
  return span === undefined ? 'now' : `${counted(Math.floor(past / span[0]), span[1], span[2])} ago`;
};

export type Tone = 'good' | 'bad' | 'plain' | 'warn';

interface KindWords {
  readonly title: string;
  readonly tone: Tone;
  /** What an entry of this kind says. */
  readonly says: string;
}

const KINDS: Readonly<Record<string, KindWords>> = {
  accept: { title: 'accepted', tone: 'good', says: 'The decision took effect once this leaf was durable.' },
  reject: { title: 'refused', tone: 'bad', says: 'Nothing was written.' },
  revoke: { title: 'revoked', tone: 'warn', says: 'Mappings lost the credential that they were registered with.' },
  expire: { title: 'expired', tone: 'plain', says: 'Mappings had run out, and were taken out of the store.' },
  open: { title: 'opened', tone: 'warn', says: 'An auditor had an entry opened.' },
  erase: { title: 'erased', tone: 'warn', says: 'What opened an entry was deleted, on the wish of whom it was about.' },
  batch: { title: 'batch', tone: 'bad', says: 'Refusals beyond the budget of one client, under one leaf.' },
  principal: { title: 'onboarding', tone: 'plain', says: 'An operator said who a client is.' },
  unreadable: { title: 'unreadable', tone: 'bad', says: 'The octets are no leaf of this log format.' },
};

/** Kinds that this page was not written for are shown as they are called. */
export const kindWords = (kind: string): KindWords =>
  Object.hasOwn(KINDS, kind)
    ? (KINDS[kind] as KindWords)
    : { title: visible(kind, 40), tone: 'plain', says: 'This page has no words for this kind of entry; its members are below.' };

export const KNOWN_KINDS = Object.keys(KINDS);

export const ACTIONS = ['register', 'withdraw', 'withdraw-by-connection', 'prefer', 'release', 'port'];
