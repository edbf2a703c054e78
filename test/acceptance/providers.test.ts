import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { DevelopmentPki } from '../../src/issuance/index.js';
import { encodePem } from '../../src/encoding/index.js';
import { AcceptanceBed, OTHER_SPC, OTT, RCS, STORES, jsonOf, refusalOf } from '../support/acceptance-bed.js';
import { registrationClaims, signed } from '../support/served-gateway.js';

/* Rows 13.1, 13.2, 13.4 and 13.5: many discovery providers, many number providers, many APs, and no door for consumers. */

describe('several gateways', () => {
  const beds: AcceptanceBed[] = [];

  beforeAll(async () => {
    for (const store of ['memory', 'memory', STORES.at(-1) ?? 'memory'] as const) beds.push(await AcceptanceBed.open(store));
  });
  afterAll(() => Promise.all(beds.map((bed) => bed.close())));

  test('13.1 share nothing: each has its own keys and answers, and goes on when another is gone', async () => {
    const [first, second, third] = beds as [AcceptanceBed, AcceptanceBed, AcceptanceBed];
    const keys = beds.flatMap(({ served: { running } }) => [running.logVkey, running.receiptVkey]);
    expect(new Set(keys).size).toBe(6);
    const tn = first.fresh();
    await second.register(OTT, tn);
    expect(await Promise.all(beds.map((bed) => bed.found(tn)))).toEqual([[], [`${OTT} *`], []]);
    // What another gateway's authorities signed is a stranger's here.
    expect((await refusalOf(third.as(OTT).submit(second.registration(OTT, tn)))).reason).toBe('untrusted-chain');
    await first.served.running.kill();
    await third.register(RCS, tn);
    expect(await Promise.all([second, third].map((bed) => bed.found(tn, OTT)))).toEqual([[`${OTT} *`], [`${RCS} *`]]);
    for (const bed of [second, third]) {
      const metrics = (await bed.call('operator.example', 'GET', '/metrics')).body.toString();
      expect(metrics).not.toMatch(/^signpost_fetches_total\{.*\} [1-9]/m);
    }
  });
});

/** Of ms: how soon what stands under an anchor that was removed must be gone. */
const SOON = 60_000;

describe.each(STORES)('a gateway over %s', (store) => {
  let bed: AcceptanceBed;

  beforeAll(async () => {
    bed = await AcceptanceBed.open(store);
  });
  afterAll(() => bed.close());

  test('13.2 an anchor comes and goes at run time, and with it what was registered under it; the log proves each decision', async () => {
    const { directory } = bed.served.pki;
    const others = new DevelopmentPki({ now: () => Date.now(), random: randomBytes });
    const [kept, gone] = [bed.fresh(), '13035550123'];
    const credential = others.delegate({ spc: OTHER_SPC, provider: RCS, numbers: [{ start: gone, count: 1 }] });
    const passport = (): string => signed(credential, registrationClaims(gone, `mimi://${RCS}/u/alice`));
    await bed.register(OTT, kept);
    const before = await refusalOf(bed.as(RCS).submit(passport()));
    expect(before.reason).toBe('untrusted-chain');
    const anchor = join(directory, 'anchors/delegate/second.pem');
    const [root = Buffer.alloc(0)] = others.anchors().delegate;
    writeFileSync(anchor, encodePem('CERTIFICATE', root));
    for (const [name, list] of others.crls()) writeFileSync(join(directory, `crls/second-${name}.pem`), encodePem('X509 CRL', list));
    await bed.reload();
    const { logIndex } = await bed.as(RCS).register(passport());
    expect(await bed.found(gone)).toEqual([`${RCS} *`]);
    rmSync(anchor);
    const removed = performance.now();
    // No reload: files that change are read again by themselves.
    while ((await bed.found(gone)).length > 0) expect(performance.now() - removed).toBeLessThan(SOON);
    const after = await refusalOf(bed.as(RCS).submit(passport()));
    expect([after.reason, await bed.found(kept)]).toEqual(['untrusted-chain', [`${OTT} *`]]);
    const accepted = await bed.prove(logIndex);
    expect(accepted).toMatchObject({ k: 'accept', why: 'OK', np: { spc: OTHER_SPC } });
    expect(accepted.np?.iss).toHaveLength(2);
    for (const { logIndex: index } of [before, after]) expect(await bed.prove(index as number)).toMatchObject({ k: 'reject', np: null });
    const [then, now] = await Promise.all([before, after].map(({ logIndex: index }) => bed.leaf(index)));
    // Judged under the same anchors, and under others in between.
    expect([then?.tl === now?.tl, then?.tl === accepted.tl]).toEqual([true, false]);
  });

  test('13.4 there is no door for consumers: every route but the open ones wants a certificate', async () => {
    /** CONTRACT section 2, and whether the process is ready. */
    const open = [/^\/log\//, /^\/audit(\/|$)/, /^\/v1\/reasons$/, /^\/\.well-known\//, /^\/healthz$/, /^\/readyz$/, /^\/openapi\.json$/];
    const document = jsonOf(await bed.call(null, 'GET', '/openapi.json')) as { paths: Record<string, Record<string, unknown>> };
    const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => [method, path] as const),
    );
    expect(routes.length).toBeGreaterThan(10);
    for (const [method, path] of routes) {
      const place = path.replace(/\{index\}/, '0').replace(/\{\w+\}/g, 'x');
      const { status } = await bed.call(null, method.toUpperCase(), place);
      const isOpen = open.some((pattern) => pattern.test(path));
      expect([method, path, isOpen ? status !== 401 : status]).toEqual([method, path, isOpen ? true : 401]);
    }
  });
});

const APS = 10_000;
/** Through the API, each durable before the next: a disk takes them one after the other. The others stand in principals.yaml. */
const BY_API = 1_000;
const AT_ONCE = 32;

describe('a gateway with many APs', () => {
  let bed: AcceptanceBed;

  beforeAll(async () => {
    bed = await AcceptanceBed.open('memory', {
      policy: (policy) => ({ ...policy, quota: { ...(policy['quota'] as object), base: 10_000 } }),
    });
  });
  afterAll(() => bed.close());

  const residentKiB = (): number => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${bed.served.running.pid}/status`, 'utf8'))?.[1]);
  const p99 = async (): Promise<number> => {
    const waits: number[] = [];
    for (let i = 0; i < 300; i += 1) {
      const sent = performance.now();
      await bed.lookup('12025550100');
      waits.push(performance.now() - sent);
    }
    return waits.toSorted((a, b) => a - b)[297] as number;
  };

  test('13.5 knows 10,000, a thousand of them by its API, at a small cost each, and answers as before', async () => {
    await p99();
    const [before, quick] = [residentKiB(), await p99()];
    const file = join(bed.served.pki.directory, 'policies/principals.yaml');
    const known = parse(readFileSync(file, 'utf8')) as { principals: object[] };
    const domains = Array.from({ length: APS }, (_, i) => `ap${i}.example`);
    const ofFile = domains.splice(BY_API).map((domain) => ({ domain, kind: 'ap', class: 'consumer' }));
    writeFileSync(file, stringify({ principals: [...known.principals, ...ofFile] }));
    await bed.reload();
    const onboard = async (): Promise<void> => {
      for (let domain = domains.pop(); domain !== undefined; domain = domains.pop())
        await bed.onboard(domain, { kind: 'ap', class: 'consumer' });
    };
    await Promise.all(Array.from({ length: AT_ONCE }, onboard));
    const perAp = ((residentKiB() - before) * 1024) / APS;
    const slow = await p99();
    process.stderr.write(
      `13.5: ${Math.round(perAp)} octets of resident memory an AP; lookup p99 ${quick.toFixed(1)} ms before, ${slow.toFixed(1)} ms after\n`,
    );
    expect(perAp).toBeLessThan(16_384);
    // The machine is shared: what grew with the number of APs would be far beyond this.
    expect(slow).toBeLessThan(10 * quick + 50);
    const look = async (domain: string): Promise<number> =>
      (await bed.call(domain, 'POST', '/v1/lookups', { sii: 'tel:+12025550100' })).status;
    expect([
      await look('ap7.example'),
      await look('ap7777.example'),
      (await bed.call('ap10000.example', 'GET', '/v1/quota')).status,
    ]).toEqual([200, 200, 401]);
  }, 300_000);
});
