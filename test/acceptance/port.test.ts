import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { parse, stringify } from 'yaml';
import { makeDevPki } from '../../src/adapters/desk/index.js';
import { every } from '../../src/adapters/system/index.js';
import { fsckDirectory } from '../../src/cli/audit-fsck-directory.js';
import { ApClient, ApiRefusal, AuditClient, NpClient } from '../../src/client/index.js';
import { signStatement, type IssuedCredential, type Statement } from '../../src/issuance/index.js';
import { parseLeaf } from '../../src/log/index.js';
import { startGateway, type GatewayHandle } from '../../src/main.js';

/* Rows 10.1 to 10.4 and the end of 11.1 of the founding draft's requirements, over HTTP: what becomes of a number's mappings in time. */

const [FROM, TO] = ['709J', '505X'];
/** APs of the losing NP, of the gaining NP, and of neither. */
const [RCS_A, RCS_B, OTT] = ['a.example', 'b.example', 'biz.example'];
const GRACE_DAYS = 14;

const directory = mkdtempSync(join(tmpdir(), 'signpost-acceptance-'));
const pki = makeDevPki({ out: join(directory, 'pki'), now: () => Date.now(), random: randomBytes });
const clients: { close(): void }[] = [];
let gateway: GatewayHandle;
const tasks = new Map<number, () => Promise<void>>();
let ahead = 0;
let count = 0;

const now = (): number => Date.now() + ahead * 1000;
const seconds = (): number => Math.floor(now() / 1000);

const operatedBy: Readonly<Record<string, string>> = { [RCS_A]: FROM, [RCS_B]: TO };

beforeAll(async () => {
  const file = join(pki.directory, 'policies/principals.yaml');
  const { principals } = parse(readFileSync(file, 'utf8')) as { principals: { domain: string }[] };
  const known = principals.map((one) => (one.domain in operatedBy ? { ...one, operatedBy: operatedBy[one.domain] } : one));
  writeFileSync(file, stringify({ principals: known }));
  gateway = await startGateway({
    dataDir: join(directory, 'data'),
    pkiDir: pki.directory,
    port: 0,
    clock: { now, monotonic: () => performance.now() + ahead * 1000 },
    log: pino({ level: 'silent' }),
    timer: (ms, task) => {
      tasks.set(ms, task);
      return every(ms, task);
    },
  });
});

afterAll(async () => {
  for (const client of clients) client.close();
  await gateway.stop();
  const { problem } = await fsckDirectory(join(directory, 'data'), {});
  rmSync(directory, { recursive: true, force: true });
  expect(problem).toBeNull();
});

interface ClientParts {
  readonly url: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly logVkey: string;
}

const connect = <T extends { close(): void }>(kind: new (options: ClientParts) => T, domain: string): T => {
  const file = (name: string): string => readFileSync(join(pki.directory, name), 'utf8');
  const { url, logVkey } = gateway;
  const [cert, key] = [file(`clients/${domain}.pem`), file(`clients/${domain}.key.pem`)];
  const made = new kind({ url, logVkey, ca: file('tls/ca.pem'), cert, key });
  clients.push(made);
  return made;
};
const aps = new Map<string, ApClient>();
const ap = (domain: string): ApClient => {
  const client = aps.get(domain) ?? connect(ApClient, domain);
  aps.set(domain, client);
  return client;
};

const sign = (credential: IssuedCredential, statement: Statement): string => signStatement(statement, credential, seconds(), randomBytes);
const about = (tn: string) => ({ audience: 'dp.example', sii: `tel:+${tn}`, lifetime: 300 });
/** A number of the losing NP, never used before. */
const fresh = (): string => `1202555${(600 + (count += 1)).toString().padStart(4, '0')}`;

/** Registers by a delegate credential that the NP makes for this. */
const register = (spc: string, provider: string, tn: string) => {
  const credential = pki.hierarchy.delegate({ spc, provider, numbers: [{ start: tn, count: 1 }], notBefore: seconds() });
  const mapping = { ssi: `mimi://${provider}/u/of-${spc}`, provider, consent: 'app', purpose: 'consumer' } as const;
  return ap(provider).register(sign(credential, { ...about(tn), action: 'register', ...mapping }));
};

const port = async (tn: string, effective: number): Promise<void> => {
  const nps = [
    [FROM, 'np1.example'],
    [TO, 'np2.example'],
  ] as const;
  for (const [spc, domain] of nps)
    await connect(NpClient, domain).port(
      sign(pki.hierarchy.npCredential(spc), { ...about(tn), action: 'port', from: FROM, to: TO, effective }),
    );
};

const found = async (tn: string): Promise<string[]> => {
  const { mappings } = await ap(RCS_B).lookup(`tel:+${tn}`, { view: 'all' });
  return mappings.map(({ ssi, default: isDefault }) => `${ssi.replace(/^mimi:\/\//, '')}${isDefault ? ' *' : ''}`);
};

const reasonOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return 'accepted';
  } catch (error) {
    if (error instanceof ApiRefusal) return error.reason;
    throw error;
  }
};

/** What an NP says lies in whole seconds: the clock goes on until that second has passed. */
const passSecond = (effective: number): void => {
  ahead += Math.max(0, effective + 1 - seconds());
};

describe('a port of a number', () => {
  test('10.1 whose providers run no AP: it resolves as before, to nobody of before, and only as long as the new provider does not attest', async () => {
    const [kept, left] = [fresh(), fresh()];
    const effective = seconds() + 30;
    for (const tn of [kept, left]) {
      await register(FROM, OTT, tn);
      await port(tn, effective);
      expect(await found(tn)).toEqual([`${OTT}/u/of-${FROM} *`]);
    }
    passSecond(effective);
    for (const tn of [kept, left]) {
      expect(await found(tn)).toEqual([`${OTT}/u/of-${FROM} *`]);
      expect(await reasonOf(register(FROM, OTT, tn))).toBe('tn-out-of-scope');
    }
    expect(await reasonOf(register(TO, OTT, kept))).toBe('accepted');
    const before = ahead;
    ahead += GRACE_DAYS * 86_400 - 10;
    expect(await found(left)).toEqual([`${OTT}/u/of-${FROM} *`]);
    ahead += 10;
    expect([await found(kept), await found(left)]).toEqual([[`${OTT}/u/of-${TO} *`], []]);
    ahead = before;
  });

  test("10.1 by the numbering authority's word, which an operator passes on", async () => {
    const tn = fresh();
    const effective = seconds() + 30;
    await register(FROM, RCS_A, tn);
    const passport = sign(pki.hierarchy.numberingAuthority(), { ...about(tn), action: 'port', from: FROM, to: TO, effective });
    expect(await reasonOf(ap(RCS_A).submit(passport))).toBe('ap-mismatch');
    expect(await reasonOf(connect(NpClient, 'operator.example').port(passport))).toBe('accepted');
    passSecond(effective);
    expect(await found(tn)).toEqual([]);
  });

  test('10.2 whose new provider runs an AP: it is added, the default stays, and the user may choose it', async () => {
    const tn = fresh();
    const effective = seconds() + 30;
    await register(FROM, OTT, tn);
    await port(tn, effective);
    expect((await register(TO, RCS_B, tn)).pending).toBe(true);
    expect(await found(tn)).toEqual([`${OTT}/u/of-${FROM} *`]);
    passSecond(effective);
    expect(await found(tn)).toEqual([`${OTT}/u/of-${FROM} *`, `${RCS_B}/u/of-${TO}`]);
    const wish = { action: 'prefer', ssi: `mimi://${RCS_B}/u/of-${TO}`, provider: RCS_B, consent: 'operator' } as const;
    await ap(RCS_B).prefer(sign(pki.hierarchy.npCredential(TO), { ...about(tn), ...wish, preference: { default: RCS_B } }));
    expect(await found(tn)).toEqual([`${OTT}/u/of-${FROM}`, `${RCS_B}/u/of-${TO} *`]);
  });

  test('10.3 whose old provider ran an AP: that is gone at once, others stay, and one of them is the default', async () => {
    const [alone, both] = [fresh(), fresh()];
    const effective = seconds() + 30;
    for (const tn of [alone, both]) await register(FROM, RCS_A, tn);
    await register(FROM, OTT, both);
    for (const tn of [alone, both]) await port(tn, effective);
    expect([await found(alone), await found(both)]).toEqual([
      [`${RCS_A}/u/of-${FROM} *`],
      [`${RCS_A}/u/of-${FROM} *`, `${OTT}/u/of-${FROM}`],
    ]);
    passSecond(effective);
    expect([await found(alone), await found(both)]).toEqual([[], [`${OTT}/u/of-${FROM} *`]]);
  });

  test('10.4 whose providers both run an AP: under 200 lookups a second every answer is the old or the new, never both, never none', async () => {
    const tn = fresh();
    await register(FROM, RCS_A, tn);
    const effective = seconds() + 4;
    await port(tn, effective);
    expect((await register(TO, RCS_B, tn)).pending).toBe(true);
    const answers: { readonly sent: number; readonly came: number; readonly ttl: number; readonly found: string[] }[] = [];
    const pending: Promise<void>[] = [];
    const look = async (): Promise<void> => {
      const sent = now();
      const { mappings, ttl } = await ap(OTT).lookup(`tel:+${tn}`, { view: 'all' });
      answers.push({ sent, came: now(), ttl, found: mappings.map(({ provider }) => provider) });
    };
    for (; now() < effective * 1000 + 1000; await wait(5)) pending.push(look());
    await Promise.all(pending);
    expect(answers.length).toBeGreaterThan(200);
    expect(answers.filter(({ found: [only, ...more] }) => more.length > 0 || (only !== RCS_A && only !== RCS_B))).toEqual([]);
    const moment = effective * 1000;
    expect(answers.filter(({ came, found: [only] }) => came < moment && only !== RCS_A)).toEqual([]);
    expect(answers.filter(({ sent, found: [only] }) => sent >= moment && only !== RCS_B)).toEqual([]);
    const old = answers.filter(({ found: [only] }) => only === RCS_A);
    expect(Math.min(old.length, answers.length - old.length)).toBeGreaterThan(20);
    // Nobody keeps the old answer beyond the port.
    expect(old.filter(({ sent, ttl }) => sent + ttl * 1000 > moment)).toEqual([]);
    expect(await found(tn)).toEqual([`${RCS_B}/u/of-${TO} *`]);
  });
});

describe('a mapping that nobody attests again', () => {
  test('11.1 is gone after 30 days, and within an hour the log says so', async () => {
    const tn = fresh();
    const index = (await register(FROM, OTT, tn)).logIndex;
    const before = ahead;
    ahead += 30 * 86_400 - 10;
    expect(await found(tn)).toEqual([`${OTT}/u/of-${FROM} *`]);
    ahead += 10;
    expect(await found(tn)).toEqual([]);
    await tasks.get(3_600_000)?.();
    const { leaf } = await connect(AuditClient, 'auditor.example').entry(gateway.gateway.logSize - 1);
    expect(parseLeaf(leaf)).toMatchObject({ k: 'expire', why: 'OK', sii: null, fell: { eff: 'expired' } });
    expect(gateway.gateway.logSize).toBeGreaterThan(index + 1);
    ahead = before;
  });
});
