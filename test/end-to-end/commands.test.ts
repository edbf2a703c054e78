import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MAIN } from '../../src/cli/demo-gateway.js';
import { readManifest } from '../../src/cli/ap-manifest.js';
import { hasRedis } from '../support/redis-server.js';
import { ServedGateway } from '../support/served-gateway.js';

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const signpost = (...args: string[]): Promise<Outcome> =>
  new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { maxBuffer: 1 << 24 }, (error, out, err) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, out, err });
    });
  });

const jsonOf = ({ out }: Outcome): Record<string, unknown> => JSON.parse(out) as Record<string, unknown>;

describe('signpost', () => {
  it('names a verb that is none, and asks for what is missing', async () => {
    const none = await signpost('nonsense');
    expect([none.code, none.out]).toEqual([2, '']);
    expect(none.err).toContain('"nonsense"');
    for (const verb of ['register', 'withdraw', 'prefer']) {
      const { code, err } = await signpost('ap', verb);
      expect([code, err]).toEqual([2, expect.stringContaining('--passport')]);
    }
  });
});

describe('signpost ap', () => {
  const served = new ServedGateway();
  const as = (domain: string): string[] => [
    '--url',
    served.running.url.replace('127.0.0.1', 'localhost'),
    '--pki',
    served.pki.directory,
    '--as',
    domain,
  ];

  beforeAll(() => served.start());
  afterAll(() => served.remove());

  it('signs, registers, finds and gives up a number as people write it', async () => {
    const { receiptVkey } = served.running;
    const registered = await signpost(
      'ap',
      'register',
      '(202) 555-0101',
      'alice',
      '--country',
      'US',
      '--json',
      '--receipt-key',
      receiptVkey,
      ...as('a.example'),
    );
    expect({ code: registered.code, ...jsonOf(registered) }).toMatchObject({ code: 0, first: true, mapping: { sii: 'tel:+12025550101' } });
    const answer = join(served.pki.directory, 'answer.json');
    writeFileSync(answer, registered.out);
    const promised = await signpost('audit', 'verify', answer, '--receipt-vkey', receiptVkey, '--json');
    expect({ code: promised.code, ...jsonOf(promised) }).toMatchObject({
      code: 0,
      kind: 'receipt',
      leafHash: jsonOf(registered)['leafHash'],
    });
    const found = await signpost('ap', 'lookup', '+1 202 555 0101', '--json', ...as('b.example'));
    expect({ code: found.code, ...jsonOf(found) }).toMatchObject({
      code: 0,
      mappings: [{ ssi: 'mimi://a.example/u/alice', default: true }],
    });
    const quota = await signpost('ap', 'quota', '--json', ...as('a.example'));
    expect({ code: quota.code, ...jsonOf(quota) }).toMatchObject({ code: 0, used: 0, limit: 2119, inputs: { mappings: 1, base: 2000 } });
    expect((await signpost('ap', 'quota', ...as('b.example'))).code).toBe(0);
    expect((await signpost('ap', 'withdraw', 'tel:+12025550101', 'alice', ...as('a.example'))).code).toBe(0);
    expect((await signpost('ap', 'lookup', 'tel:+12025550101', ...as('b.example'))).code).toBe(1);
  });

  it('presents a PASSporT that was signed before, and says who refused it and why', async () => {
    const signed = await signpost('ap', 'sign', '+12025550102', 'alice', ...as('a.example'));
    const file = join(served.directory, 'a.passport');
    writeFileSync(file, signed.out);
    const stolen = await signpost('ap', 'register', '--passport', file, '--json', ...as('b.example'));
    expect({ code: stolen.code, ...jsonOf(stolen) }).toMatchObject({ code: 1, reason: 'ap-mismatch', step: 'check-presenter' });
    expect((await signpost('ap', 'register', '--passport', file, ...as('a.example'))).code).toBe(0);
  });

  it('sets the default with a preference that the number provider signed, and is refused one of its own', async () => {
    const tn = '+12025550104';
    expect((await signpost('ap', 'register', tn, 'alice', ...as('a.example'))).code).toBe(0);
    const own = await signpost('ap', 'prefer', tn, 'alice', '--prefer-default', 'a.example', '--json', ...as('a.example'));
    expect({ code: own.code, ...jsonOf(own) }).toMatchObject({ code: 1, reason: 'action-not-authorised' });
    const np = readManifest(served.pki.directory).credentials.find((one) => one.use === 'np' && one.spc === '709J');
    const statement = [
      '--audience',
      'dp.example',
      '--tn',
      tn,
      '--provider',
      'a.example',
      '--user',
      'alice',
      '--prefer-default',
      'A.example',
    ];
    const key = [
      '--credential',
      join(served.pki.directory, np?.chain ?? ''),
      '--credential-key',
      join(served.pki.directory, np?.key ?? ''),
    ];
    const signed = await signpost('np', 'sign', 'prefer', ...statement, ...key);
    const file = join(served.directory, 'prefer.passport');
    writeFileSync(file, signed.out);
    const done = await signpost('ap', 'prefer', '--passport', file, '--json', ...as('a.example'));
    expect({ code: done.code, ...jsonOf(done) }).toMatchObject({ code: 0, action: 'prefer', first: true });
    expect((await signpost('ap', 'prefer', tn, 'alice', ...as('a.example'))).code).toBe(2);
  });

  it('signs a withdrawal where it is asked to', async () => {
    expect((await signpost('ap', 'register', '+12025550103', 'alice', ...as('a.example'))).code).toBe(0);
    const code = (await signpost('ap', 'withdraw', '+12025550103', 'alice', '--signed', ...as('a.example'))).code;
    // Both are of one second, and then the greater jti counts (DESIGN section 7, order).
    expect([0, 1]).toContain(code);
    expect((await signpost('ap', 'withdraw', '+12025550103', 'alice', ...as('a.example'))).code).toBe(0);
    expect((await signpost('ap', 'lookup', '+12025550103', ...as('b.example'))).code).toBe(1);
  });

  it.each([
    ['a number that nobody can dial', ['lookup', '12'], 'b.example'],
    ['a number that no credential of this AP names', ['register', '+12025559999', 'alice'], 'a.example'],
    ['an AP that the PKI does not know', ['lookup', '+12025550101'], 'nobody.example'],
  ])('exits 2 for %s', async (_what, args, domain) => {
    const { code, err } = await signpost('ap', ...args, ...as(domain));
    expect(code).toBe(2);
    expect(err).not.toMatch(/ at .*\.js/);
  });

  it('explains itself', async () => {
    const { code, out } = await signpost('ap', 'register', '--help');
    expect({ code, explained: out.includes('--credential') }).toEqual({ code: 0, explained: true });
  });
});

describe('signpost demo', () => {
  it('ends with 0, every claim of the story having held', async () => {
    const told = await signpost('demo', '--json');
    expect(told.err).toBe('');
    const { held, claims } = jsonOf(told) as { held: boolean; claims: { claim: string; holds: boolean }[] };
    expect({ code: told.code, held, broken: claims.filter(({ holds }) => !holds) }).toEqual({ code: 0, held: true, broken: [] });
    for (const reason of ['ap-mismatch', 'tn-out-of-scope', 'jti-replay', 'cert-revoked', 'credential-predates-assignment']) {
      expect(claims.map(({ claim }) => claim)).toContain(`refused: ${reason}`);
    }
  }, 120_000);
});

describe('signpost bench --quick', () => {
  it.each([
    ['verdict', 2],
    ['x5u', 2],
    ['submissions', 2],
    ['lookups', 1],
    ['log', 2],
    ['memory', hasRedis ? 2 : 1],
    ['revoke', hasRedis ? 12 : 9],
    ['restart', 2],
  ])(
    'measures %s beside its limit',
    async (name, atLeast) => {
      const { code, out, err } = await signpost('bench', '--quick', '--json', '--only', name);
      expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' });
      const { figures } = JSON.parse(out) as { figures: { value: number; limit: { value: number } | null; command: string }[] };
      expect(figures.length).toBeGreaterThanOrEqual(atLeast);
      for (const { value, limit, command } of figures) {
        expect(value).toBeGreaterThan(0);
        expect(limit?.value).toBeGreaterThan(0);
        expect(command).toBe(`npm run bench -- --only ${name}`);
      }
    },
    180_000,
  );
});
