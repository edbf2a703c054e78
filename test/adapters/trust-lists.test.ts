import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ConfigurationProblems, TrustLists, type TrustListEvent, type TrustListStanding } from '../../src/adapters/configuration/index.js';
import type { TrustListFiles } from '../../src/adapters/configuration/trust-files.js';
import { FileRegister } from '../../src/adapters/files/index.js';
import { NumberingPlan } from '../../src/numbering/index.js';
import { parseGatewayPolicy, parseTrustPolicy } from '../../src/policy/index.js';
import type { FetchOctets, Register } from '../../src/ports/index.js';
import { Unavailable } from '../../src/reasons/index.js';
import type { Material } from '../../src/verification/index.js';
import { parseCertificate } from '../../src/x509/index.js';
import { AT } from '../support/raw-certificate.js';
import { entry, issueCrl } from '../support/raw-crl.js';
import { listRoot, listSigner, makeList, pemOf, shakenRoot, type ListPlan } from '../support/trust-lists.js';

const directory = mkdtempSync(join(tmpdir(), 'signpost-trust-lists-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const root = listRoot();
const signer = listSigner(root);
const [one, two] = [shakenRoot('One'), shakenRoot('Two')];
const HOST = 'sti-pa.example';
const URL = `https://${HOST}/api/v1/ca-list`;
const X5U = `https://${HOST}/signer.pem`;
const DAY = 86_400;
const EXP = AT / 1000 + 7 * DAY;

const list = (sequence: number, changes: Partial<ListPlan> = {}): Buffer =>
  Buffer.from(makeList({ signer, roots: [one.der, two.der], sequence, exp: EXP, ...changes }));

let now = AT;
let place = '';
let count = 0;
let events: TrustListEvent[] = [];
/** What outside hosts answer, by URL; an error is thrown. */
let outside = new Map<string, Buffer | Error>();
let asked: string[] = [];

beforeEach(() => {
  now = AT;
  place = join(directory, String((count += 1)));
  events = [];
  asked = [];
  outside = new Map();
});

const fetch: FetchOctets = async (url) => {
  asked.push(url);
  const answer = outside.get(url) ?? new Error('connect-failed');
  if (answer instanceof Error) throw answer;
  return answer;
};

const registerOf = (name: string): Register => new FileRegister(join(place, `${name}.json`));

/** Another process over the same data directory, as far as lists go. */
const open = (register = registerOf): TrustLists =>
  new TrustLists({ registerOf: register, fetch, clock: { now: () => now }, onEvent: (event) => events.push(event) });

const filesOf = (octets: Buffer | null, changes: string = ''): TrustListFiles => {
  const source = octets === null ? `url: "${URL}"` : 'file: list.jws';
  const yaml = `anchors: []\ntrustLists: [{ name: sti-pa, profile: shaken, roots: [r], hosts: [${HOST}], speaksFor: ["1"], ${source}${changes} }]`;
  const parsed = parseTrustPolicy(yaml);
  const policy = parsed.ok ? parsed.value.trustLists[0] : undefined;
  if (policy === undefined) throw new Error('the policy does not parse');
  return { policy, roots: [parseCertificate(root.der)], signer: null, octets };
};

const gateway = parseGatewayPolicy('audience: dp.example\norigin: dp.example/log\n');
const material = (crls: readonly Buffer[] = []): Material => {
  if (!gateway.ok) throw new Error('the policy does not parse');
  const authorizer = { version: '' } as Material['authorizer'];
  return { anchors: [], crlAnchors: [], crls, crlSigners: [], numbering: NumberingPlan.of([]), policy: gateway.value, authorizer };
};

const judge = async (lists: TrustLists, files: TrustListFiles, crls: readonly Buffer[] = []): Promise<TrustListStanding> => {
  const [standing] = await lists.judge([files], material(crls));
  if (standing === undefined) throw new Error('no standing');
  return standing;
};

/** [sequence in force, number of anchors, why the newest is not in force] */
const told = ({ list: inForce, anchors, refused }: TrustListStanding): unknown[] => [inForce?.sequence ?? null, anchors.length, refused];

describe('a trust list from a file', () => {
  test('gives anchors of its profile and scope, and is kept before it counts', async () => {
    const octets = list(7);
    const standing = await judge(open(), filesOf(octets));
    expect(told(standing)).toEqual([7, 2, null]);
    expect(standing.anchors.map(({ certificate }) => Buffer.from(certificate))).toEqual([one.der, two.der]);
    expect(standing.anchors[0]).toMatchObject({ profile: 'shaken', speaksFor: ['1'] });
    expect(JSON.parse(readFileSync(join(place, 'sti-pa.json'), 'utf8'))).toMatchObject({ sequence: 7, octets: octets.toString('base64') });
    expect(events).toEqual([{ kind: 'accepted', list: 'sti-pa', sequence: 7, anchors: 2, until: EXP, leftOut: [] }]);
  });

  test('that cannot be kept is not in force: a crash could bring the one before it back', async () => {
    const full: Register = { read: async () => null, write: () => Promise.reject(new Unavailable('log-unavailable', 'storage fault')) };
    const lists = open(() => full);
    expect(told(await judge(lists, filesOf(list(7))))).toEqual([null, 0, expect.stringMatching(/cannot be kept/)]);
    expect(told(await judge(open(), filesOf(list(7))))).toEqual([7, 2, null]);
  });

  test('that was kept, though the disk said otherwise, was never in force, and is the floor of the next start', async () => {
    await judge(open(), filesOf(list(7)));
    const kept = registerOf('sti-pa');
    const liar: Register = {
      read: () => kept.read(),
      write: async (octets) => {
        await kept.write(octets);
        throw new Unavailable('log-unavailable', 'storage fault');
      },
    };
    const lists = open(() => liar);
    expect(told(await judge(lists, filesOf(list(8, { roots: [one.der] }))))).toEqual([7, 2, expect.stringMatching(/cannot be kept/)]);
    expect(told(await judge(open(), filesOf(list(7))))).toEqual([8, 1, expect.stringMatching(/lower/)]);
  });

  test('never goes back: the last good one stays, and the operator is told once', async () => {
    const lists = open();
    await judge(lists, filesOf(list(7, { roots: [one.der] })));
    for (let i = 0; i < 2; i += 1) expect(told(await judge(lists, filesOf(list(6))))).toEqual([7, 1, expect.stringMatching(/lower/)]);
    expect(told(await judge(lists, filesOf(list(7))))).toEqual([7, 1, expect.stringMatching(/other content/)]);
    expect(events.map((event) => (event.kind === 'refused' ? event.fault : event.kind))).toEqual(['accepted', 'rollback', 'rollback']);
    expect(lists.states([await judge(lists, filesOf(list(6)))])).toEqual([
      { name: 'sti-pa', sequence: 7, until: EXP, refused: { rollback: 3, invalid: 0, unavailable: 0 } },
    ]);
    expect(told(await judge(lists, filesOf(list(8))))).toEqual([8, 2, null]);
  });

  test('never goes back behind a restart', async () => {
    await judge(open(), filesOf(list(7, { roots: [one.der] })));
    expect(told(await judge(open(), filesOf(list(6))))).toEqual([7, 1, expect.stringMatching(/lower/)]);
    expect(told(await judge(open(), filesOf(list(8))))).toEqual([8, 2, null]);
  });

  test('that does not hold, or is not there, leaves the last good one in force', async () => {
    const lists = open();
    await judge(lists, filesOf(list(7)));
    const half = list(8).subarray(0, 400);
    expect(told(await judge(lists, filesOf(half)))).toEqual([7, 2, 'form']);
    expect(told(await judge(lists, { ...filesOf(list(8)), octets: null }))).toEqual([7, 2, expect.stringMatching(/file cannot be read/)]);
    expect(told(await judge(lists, filesOf(list(8))))).toEqual([8, 2, null]);
  });

  test('with nothing to fall back on gives nothing', async () => {
    expect(told(await judge(open(), filesOf(Buffer.from('half'))))).toEqual([null, 0, 'form']);
    expect(existsSync(join(place, 'sti-pa.json'))).toBe(false);
  });

  test('counts until its end and not a second longer, whoever restarts', async () => {
    const lists = open();
    const files = filesOf(list(7));
    const standing = await judge(lists, files);
    now = EXP * 1000 - 1;
    expect(lists.turn([files], [standing])).toBe(false);
    expect(told(await judge(open(), files))).toEqual([7, 2, null]);
    now = EXP * 1000;
    expect(lists.turn([files], [standing])).toBe(true);
    for (const each of [lists, open()]) expect(told(await judge(each, files))).toEqual([null, 0, 'exp']);
    const next = filesOf(list(8, { exp: EXP + DAY }));
    expect(told(await judge(open(), next))).toEqual([8, 2, null]);
  });

  test('ends when its signer is revoked, or its root is pinned no more', async () => {
    const lists = open();
    const files = filesOf(list(7));
    await judge(lists, files);
    const revoked = issueCrl(root, [entry(parseCertificate(signer.der).serial)]);
    expect(told(await judge(lists, files, [revoked]))).toEqual([null, 0, 'signer: cert-revoked']);
    expect(told(await judge(lists, files, [issueCrl(root)]))).toEqual([7, 2, null]);
    const stranger = { ...files, roots: [parseCertificate(listRoot({ subject: 'other' }).der)] };
    expect(told(await judge(lists, stranger))).toEqual([null, 0, 'signer: untrusted-chain']);
  });

  test('is not forgotten when its record is damaged: a start is refused instead', async () => {
    await judge(open(), filesOf(list(7)));
    const path = join(place, 'sti-pa.json');
    const whole = readFileSync(path, 'utf8');
    for (const damaged of ['', '{}', whole.slice(0, -10), whole.replace('"sequence":7', '"sequence":-7')]) {
      writeFileSync(path, damaged);
      await expect(judge(open(), filesOf(list(8)))).rejects.toBeInstanceOf(ConfigurationProblems);
    }
    writeFileSync(path, whole);
    expect(told(await judge(open(), filesOf(list(8))))).toEqual([8, 2, null]);
  });
});

describe('the path of a list’s signer behind an x5u', () => {
  const signed = (sequence: number): Buffer => list(sequence, { x5c: null, header: { x5u: X5U } });

  test('is fetched from a host that policy names, and kept with the list', async () => {
    outside.set(X5U, Buffer.from(pemOf(signer.der) + pemOf(root.der)));
    expect(told(await judge(open(), filesOf(signed(7))))).toEqual([7, 2, null]);
    expect(asked).toEqual([X5U]);
    outside.clear();
    expect(told(await judge(open(), { ...filesOf(signed(7)), octets: null }))).toEqual([7, 2, expect.any(String)]);
    expect(asked).toEqual([X5U]);
  });

  test('is asked of nobody else', async () => {
    const files = filesOf(list(7, { x5c: null, header: { x5u: 'https://other.example/signer.pem' } }));
    expect(told(await judge(open(), files))).toEqual([null, 0, 'x5u host']);
    expect(asked).toEqual([]);
  });

  test('that is no PEM, or is another’s, gives nothing', async () => {
    for (const [answer, fault] of [
      ['no PEM', 'signer: malformed-chain'],
      [pemOf(signer.der, 'PUBLIC KEY'), 'signer: malformed-chain'],
      [pemOf(listSigner(listRoot({ subject: 'other' })).der), 'signer: untrusted-chain'],
    ] as const) {
      outside.set(X5U, Buffer.from(answer));
      expect(told(await judge(open(), filesOf(signed(7))))).toEqual([null, 0, fault]);
    }
  });

  test('that cannot be had is asked for again after a minute', async () => {
    const lists = open();
    const files = filesOf(signed(7));
    const standing = await judge(lists, files);
    expect(told(standing)).toEqual([null, 0, expect.stringMatching(/x5u cannot be fetched \(connect-failed\)/)]);
    outside.set(X5U, Buffer.from(pemOf(signer.der)));
    now += 59_000;
    // A reload meanwhile does not wait for the host again.
    expect([told(await judge(lists, files)), asked]).toEqual([told(standing), [X5U]]);
    expect(lists.turn([files], [standing])).toBe(false);
    now += 1_000;
    expect(lists.turn([files], [standing])).toBe(true);
    expect(told(await judge(lists, files))).toEqual([7, 2, null]);
    now += 3_600_000;
    expect(lists.turn([files], [await judge(lists, files)])).toBe(false);
  });

  test('may be a file of the operator’s instead: nothing is fetched', async () => {
    const files = { ...filesOf(signed(7)), signer: [signer.der] };
    expect(told(await judge(open(), files))).toEqual([7, 2, null]);
    expect(asked).toEqual([]);
  });
});

describe('a trust list from a URL', () => {
  /** Turns until something came of it. */
  const settle = async (lists: TrustLists, files: TrustListFiles, standing: TrustListStanding): Promise<boolean> => {
    lists.turn([files], [standing]);
    for (let i = 0; i < 20; i += 1) await Promise.resolve();
    return lists.turn([files], [standing]);
  };

  test('is fetched at once and then at its times, and what is the same changes nothing', async () => {
    const lists = open();
    const files = filesOf(null, ', refreshMinutes: 10');
    let standing = await judge(lists, files);
    expect(told(standing)).toEqual([null, 0, null]);
    outside.set(URL, Buffer.from(JSON.stringify({ status: 'success', caList: list(7).toString() })));
    expect(await settle(lists, files, standing)).toBe(true);
    standing = await judge(lists, files);
    expect([told(standing), asked]).toEqual([[7, 2, null], [URL]]);
    now += 599_000;
    expect(await settle(lists, files, standing)).toBe(false);
    now += 1_000;
    outside.set(URL, list(8, { roots: [two.der] }));
    expect(await settle(lists, files, standing)).toBe(true);
    expect([told(await judge(lists, files)), asked]).toEqual([
      [8, 1, null],
      [URL, URL],
    ]);
  });

  test('that cannot be had is asked for again after a minute; the last good one stays, over a restart too', async () => {
    outside.set(URL, list(7));
    const files = filesOf(null);
    const first = open();
    await settle(first, files, await judge(first, files));
    await judge(first, files);
    outside.set(URL, new Error('timeout'));
    const lists = open();
    let standing = await judge(lists, files);
    expect(told(standing)).toEqual([7, 2, null]);
    await settle(lists, files, standing);
    standing = await judge(lists, files);
    expect(told(standing)).toEqual([7, 2, expect.stringMatching(/url cannot be fetched \(timeout\)/)]);
    outside.set(URL, list(6));
    now += 60_000;
    expect(await settle(lists, files, standing)).toBe(true);
    expect(told(await judge(lists, files))).toEqual([7, 2, expect.stringMatching(/lower/)]);
    expect(events.filter(({ kind }) => kind === 'refused')).toMatchObject([{ fault: 'unavailable' }, { fault: 'rollback' }]);
  });

  test('is given up when the gateway stops', async () => {
    const hanging: FetchOctets = (_url, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
      });
    const lists = new TrustLists({ registerOf, fetch: hanging, clock: { now: () => now }, onEvent: () => undefined });
    const files = filesOf(null);
    lists.turn([files], [await judge(lists, files)]);
    await lists.close();
  });
});
