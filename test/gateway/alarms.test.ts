import { describe, expect, test } from '@jest/globals';
import { Alarms, type Alarm } from '../../src/gateway/alarms.js';
import type { SearchRow } from '../../src/gateway/search-block.js';

const START = 1_795_500_000_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A log of rows, and its alarms. */
const logOf = () => {
  const rows: SearchRow[] = [];
  const alarms = new Alarms((index) => rows[index] as SearchRow);
  const add = (changes: Partial<SearchRow> = {}): number => {
    const row = {
      kind: 'accept',
      time: START,
      action: 'register',
      reason: 'OK',
      client: 'a.example',
      signer: '709J',
      owner: null,
      area: null,
      mark: 0,
      tags: [],
      ...changes,
    };
    rows.push(row);
    alarms.follow(rows.length - 1, row);
    return rows.length - 1;
  };
  const read = (name: string, after: string | null = null) => alarms.read(name, after, () => undefined);
  const all = (name: string, after: string | null = null): string[] => read(name, after).take(10_000).map(said);
  return { add, read, all, alarms };
};
const said = ({ alarm, index }: Alarm): string => `${alarm ?? 'reset'} ${index}`;

describe('a provider is alarmed', () => {
  test("when another's credential touches its numbers, whatever the verdict, and the other is not", () => {
    const log = logOf();
    log.add({ kind: 'reject', reason: 'tn-out-of-scope', signer: '505X', owner: '709J' });
    log.add({ action: 'port', signer: '505X', owner: '709J' });
    log.add({ action: 'port', signer: null, owner: '709J' });
    log.add({ kind: 'reject', signer: '709J', reason: 'jti-replay' });
    expect(log.all('709J')).toEqual(['foreign-credential 0', 'foreign-credential 1', 'foreign-credential 2']);
    expect(log.all('505X')).toEqual([]);
  });

  test('and a name that the log does not have is forgotten with its last reader', () => {
    const log = logOf();
    const [first, second] = [log.read('no.example'), log.read('no.example')];
    log.add();
    expect(log.alarms.names).toBe(2);
    first.close();
    log.add({ kind: 'reject', reason: 'tn-out-of-scope', signer: '709J', owner: 'no.example' });
    expect(second.take(10).map(said)).toEqual(['foreign-credential 1']);
    second.close();
    expect([log.all('no.example'), log.alarms.names]).toEqual([['foreign-credential 1'], 2]);
    for (let n = 0; n < 100; n += 1) log.read(`n${n}.example`).close();
    const former = log.read('505X');
    former.close();
    const reader = log.read('505X');
    former.close();
    expect(log.alarms.names).toBe(3);
    reader.close();
    expect(log.alarms.names).toBe(2);
  });

  test('when a client registers under its name for the first time, once for each', () => {
    const log = logOf();
    log.add({ kind: 'reject', reason: 'bad-signature', client: 'c.example' });
    for (const client of ['a.example', 'b.example', 'a.example']) log.add({ client });
    log.add({ client: 'a.example', signer: '505X' });
    log.add({ client: 'd.example', action: 'withdraw' });
    expect(log.all('709J')).toEqual(['new-client 1', 'new-client 2']);
    expect(log.all('505X')).toEqual(['new-client 4']);
  });

  test('at the 100th entry of an hour, and by ten times the mean of the day before where that is more', () => {
    const log = logOf();
    for (let n = 0; n < 240; n += 1) log.add();
    expect(log.all('709J').slice(1)).toEqual(['volume 99']);
    for (let n = 0; n < 120; n += 1) log.add({ time: START + HOUR });
    // 240 in 24 hours: ten times the mean is 100.
    expect(log.all('709J').slice(2)).toEqual(['volume 339']);
    for (let n = 0; n < 200; n += 1) log.add({ time: START + 2 * HOUR });
    // 360 in 24 hours: 150.
    expect(log.all('709J').slice(3)).toEqual(['volume 509']);
    for (let n = 0; n < 99; n += 1) log.add({ time: START + 2 * DAY });
    expect(log.all('709J').length).toBe(4);
    log.add({ time: START + 2 * DAY });
    expect(log.all('709J').slice(4)).toEqual(['volume 659']);
  });
});

describe('a reader of alarms', () => {
  test('resumes behind the id that it has, in this process or the next', () => {
    const fill = (log: ReturnType<typeof logOf>): void => {
      for (const client of ['a.example', 'b.example', 'c.example']) log.add({ client, owner: '709J', signer: '505X' });
    };
    const [log, next] = [logOf(), logOf()];
    fill(log);
    fill(next);
    const reader = log.read('709J');
    const [first] = reader.take(1);
    expect([first?.id, reader.id]).toEqual(['0-1', '0-1']);
    expect(log.all('709J', '0-1')).toEqual(['foreign-credential 1', 'foreign-credential 2']);
    expect(next.all('709J', '0-1')).toEqual(log.all('709J', '0-1'));
    expect(log.all('505X', '1-2')).toEqual(['new-client 2']);
    expect(log.all('709J', '2-1')).toEqual([]);
  });

  test('is woken, and sees nothing twice', () => {
    const log = logOf();
    let woken = 0;
    const reader = log.alarms.read('709J', null, () => (woken += 1));
    expect([reader.id, reader.take(5)]).toEqual([null, []]);
    log.add();
    expect([woken, reader.take(5).map(said), reader.take(5)]).toEqual([1, ['new-client 0'], []]);
    reader.close();
    log.add({ client: 'b.example' });
    expect(woken).toBe(1);
  });

  test.each(['nonsense', '1-9', '-1', '01-1x'])('with the id %s is told that alarms are missing', (id) => {
    const log = logOf();
    log.add();
    expect(log.all('709J', id)).toEqual(['reset 0', 'new-client 0']);
  });

  test('that was away too long is told so, and gets what is kept', () => {
    const log = logOf();
    log.add({ client: 'a.example' });
    log.add({ client: 'b.example', time: START + 3 * DAY });
    log.add({ client: 'c.example', time: START + 8 * DAY });
    expect(log.all('709J')).toEqual(['new-client 1', 'new-client 2']);
    expect(log.all('709J', '0-2')).toEqual(['new-client 1', 'new-client 2']);
    log.add({ client: 'd.example', time: START + 20 * DAY });
    expect(log.all('709J', '0-2')).toEqual(['reset 2', 'new-client 3']);
    for (let n = 0; n < 1500; n += 1) log.add({ owner: '505X', signer: null });
    expect(log.all('505X').length).toBe(1000);
    expect(log.all('505X', '5-1').length).toBe(1001);
  });

  test('gets no more at a time than it takes', () => {
    const log = logOf();
    for (let n = 0; n < 10; n += 1) log.add({ owner: '505X', signer: null });
    const reader = log.read('505X');
    expect([reader.take(4).length, reader.take(4).length, reader.take(4).length, reader.take(4).length]).toEqual([4, 4, 2, 0]);
  });
});
