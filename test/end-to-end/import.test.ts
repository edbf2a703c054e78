import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readManifest } from '../../src/cli/ap-manifest.js';
import { run } from '../../src/cli/ap.js';
import { importFile, type ImportOptions } from '../../src/cli/ap-import.js';
import { CuttingProxy } from '../support/cutting-proxy.js';
import { SPC, ServedGateway, registrationClaims, signed } from '../support/served-gateway.js';

describe('signpost ap import', () => {
  const served = new ServedGateway();
  const proxies: CuttingProxy[] = [];
  beforeAll(() => served.start());
  afterAll(async () => {
    for (const proxy of proxies) proxy.close();
    await served.remove();
  });

  const fileOf = (name: string, lines: readonly string[]): string => {
    const file = join(served.directory, name);
    writeFileSync(file, `${lines.join('\n')}\n`);
    return file;
  };
  const options = (more: Partial<ImportOptions> = {}): ImportOptions => ({
    url: served.running.url.replace('127.0.0.1', 'localhost'),
    pki: served.pki.directory,
    as: 'a.example',
    purpose: 'consumer',
    consent: 'app',
    lifetime: 300,
    receiptKey: served.running.receiptVkey,
    ...more,
  });
  const through = async (...allowances: number[]): Promise<CuttingProxy & { url: string }> => {
    const proxy = new CuttingProxy(served.running.url, ...allowances);
    proxies.push(proxy);
    return Object.assign(proxy, { url: await proxy.listen() });
  };
  const resultsOf = (file: string): Record<string, unknown>[] =>
    readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  /** The numbers of a.example's delegate from `first`, in order. */
  const numbers = (first: number, count: number): string[] => {
    const held = readManifest(served.pki.directory).credentials.find(({ use, provider }) => use === 'delegate' && provider === 'a.example');
    const start = Number(held?.numbers[0]?.start);
    return Array.from({ length: count }, (_, i) => `${start + first + i}`);
  };
  const passports = (first: number, count: number): string[] => {
    const credential = served.pki.hierarchy.delegate({ spc: SPC, provider: 'a.example', numbers: [{ start: '12025550100', count: 100 }] });
    return numbers(first, count).map((tn) => signed(credential, registrationClaims(tn, `mimi://a.example/u/u${tn}`)));
  };

  it('signs the rows of a CSV, says what became of each, and why some were refused', async () => {
    const [one = '', two = '', three = ''] = numbers(0, 3);
    const rows = [
      'number,user,purpose,kind',
      `+${one},one`,
      '+12125550100,thief',
      `+${two},two,business`,
      'no number,x',
      `+${three},three,consumer,user,more`,
    ];
    const out = join(served.directory, 'csv.results');
    const key = readManifest(served.pki.directory).credentials.find(({ use, provider }) => use === 'delegate' && provider === 'a.example');
    const credential = {
      credential: join(served.pki.directory, key?.chain ?? ''),
      credentialKey: join(served.pki.directory, key?.key ?? ''),
    };
    const report = await importFile(options({ out, ...credential }), fileOf('rows.csv', rows));
    expect(report).toMatchObject({
      code: 1,
      json: { accepted: 2, refused: 3, earlier: 0, reasons: { 'tn-out-of-scope': 1, 'non-canonical-tn': 1, 'malformed-request': 1 } },
    });
    const results = resultsOf(out).toSorted((a, b) => Number(a['line']) - Number(b['line']));
    expect(results.map(({ line, status, reason }) => [line, status, reason])).toEqual([
      [2, 201, null],
      [3, 403, 'tn-out-of-scope'],
      [4, 201, null],
      [5, null, 'non-canonical-tn'],
      [6, null, 'malformed-request'],
    ]);
    expect(results.every(({ status, logIndex }) => status === null || Number.isInteger(logIndex))).toBe(true);
    const { mappings } = await served.ap('b.example').lookup(`tel:+${two}`, { view: 'all' });
    expect(mappings).toMatchObject([{ ssi: 'mimi://a.example/u/two', purpose: 'business' }]);
  });

  it('goes on over a new connection when one is cut in the middle, and each PASSporT has one effect', async () => {
    const proxy = await through(12_000, Number.MAX_SAFE_INTEGER);
    const out = join(served.directory, 'cut.results');
    const lines = passports(3, 30).map((passport) => JSON.stringify({ passport }));
    const report = await importFile(options({ url: proxy.url, out }), fileOf('cut.ndjson', lines));
    expect(report).toMatchObject({ code: 0, json: { accepted: 30, refused: 0, reasons: {} } });
    expect(proxy.connections).toBe(2);
    const results = resultsOf(out);
    expect(results.map(({ line }) => line)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    // Some were committed and their answer was lost: they are told as known already.
    expect(results.some(({ status }) => status === 200)).toBe(true);
    const first = Number(results[0]?.['logIndex']);
    expect(results.map(({ logIndex }) => logIndex)).toEqual(Array.from({ length: 30 }, (_, i) => first + i));
    const [next = ''] = passports(99, 1);
    expect((await served.ap('a.example').register(next)).logIndex).toBe(first + 30);
  });

  it('that could not be run to its end goes on with --resume, and sends what was accepted no more', async () => {
    const proxy = await through(12_000, 0);
    const out = join(served.directory, 'resumed.results');
    const file = fileOf('resumed.txt', passports(33, 30));
    const broken = await importFile(options({ url: proxy.url, out }), file);
    expect(broken.code).toBe(2);
    const had = resultsOf(out).length;
    expect(had).toBeGreaterThan(0);
    expect(had).toBeLessThan(30);
    // A process that was killed leaves half a line.
    writeFileSync(out, `${readFileSync(out, 'utf8')}{"line":`);
    const resumed = await importFile(options({ out, resume: true }), file);
    expect(resumed).toMatchObject({ code: 0, json: { accepted: 30 - had, refused: 0, earlier: had } });
    expect(resultsOf(out).map(({ line }) => line)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    expect(await importFile(options({ out, resume: true }), file)).toMatchObject({ code: 0, json: { accepted: 0, earlier: 30 } });
  });

  it('cannot be run over the results of another file, over results that are there, or as nobody', async () => {
    const out = join(served.directory, 'taken.results');
    const file = fileOf('taken.txt', passports(63, 1));
    const line = ['import', file, '--out', out, '--url', options().url, '--pki', served.pki.directory, '--as', 'a.example', '--json'];
    expect(await run(line)).toBe(0);
    expect(await run(line)).toBe(2);
    const other = fileOf('other.txt', passports(64, 1));
    expect(await run(line.map((one) => (one === file ? other : one)).concat('--resume'))).toBe(2);
    expect(await run(['import', file, '--resume', '--url', options().url, '--pki', served.pki.directory, '--as', 'a.example'])).toBe(2);
    const stranger = served.tls('nobody.example');
    const tls = { cert: fileOf('nobody.pem', [stranger.cert]), key: fileOf('nobody.key', [stranger.key]) };
    const report = await importFile(options(tls), other);
    expect(report).toMatchObject({ code: 2, json: { accepted: 0, refused: 0 } });
    expect(JSON.stringify(report.json)).toContain('client-unknown');
  });

  it('draws a bar on a terminal, and on nothing else', async () => {
    const drawn: string[] = [];
    const screen = (isTTY: boolean): { isTTY: boolean; write(text: string): void } => ({ isTTY, write: (text) => void drawn.push(text) });
    const file = fileOf('bar.txt', passports(65, 2));
    expect((await importFile(options(), file, screen(false))).code).toBe(0);
    expect(drawn).toEqual([]);
    expect((await importFile(options(), file, screen(true))).code).toBe(0);
    expect(drawn.join('')).toMatch(/\[#{30}\] 2 of 2, \d+\/s, 0 refused\n$/);
  });
});
