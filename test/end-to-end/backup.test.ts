import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MAIN, startGatewayProcess, type RunningGateway } from '../../src/cli/demo-gateway.js';
import { ApClient } from '../../src/client/index.js';
import { SPC, ServedGateway, registrationClaims, signed } from '../support/served-gateway.js';

const numbers = ['12025550431', '12025550432', '12025550433'] as const;

const signpost = (...args: string[]): Promise<{ readonly code: number; readonly out: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], (error, out) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, out });
    });
  });

describe('backup and restore of a gateway that serves', () => {
  const served = new ServedGateway();
  const at = (name: string): string => join(served.directory, name);
  let again: RunningGateway | null = null;

  beforeAll(async () => {
    await served.start();
  });

  afterAll(async () => {
    await again?.kill();
    await served.remove();
  });

  const register = async (tn: string): Promise<void> => {
    const credential = served.pki.hierarchy.delegate({ spc: SPC, provider: 'a.example', numbers: [{ start: tn, count: 1 }] });
    await served.ap('a.example').register(signed(credential, registrationClaims(tn, `mimi://a.example/u/${tn}`)));
  };

  /** The checkpoint that is published once it covers so many entries, in a file. */
  const published = async (size: number, file: string): Promise<string> => {
    for (;;) {
      const { body } = await served.raw().call({ method: 'GET', path: '/log/checkpoint' });
      if (Number(body.toString().split('\n')[1]) < size) continue;
      await writeFile(at(file), body);
      return at(file);
    }
  };

  const follow = async ({ url, logVkey }: RunningGateway): Promise<number> => {
    const known = ['--ca', at('pki/tls/ca.pem'), '--log-vkey', logVkey, '--state', at('state')];
    return (await signpost('audit', 'follow', url, ...known, '--once')).code;
  };

  const foundBy = async (client: ApClient): Promise<(string | undefined)[]> => {
    const answers = await Promise.all(numbers.map((tn) => client.lookup(`tel:+${tn}`)));
    return answers.map(({ mappings }) => mappings[0]?.ssi);
  };

  it('starts again from a backup that holds all that was published, and under a new vault key, and answers as before', async () => {
    const [first, second] = numbers;
    await register(first);
    await register(second);
    await served.raw(served.tls('operator.example')).call({
      method: 'POST',
      path: '/v1/admin/erasures',
      type: 'application/json',
      body: JSON.stringify({ sii: `tel:+${second}`, case: 'GDPR 17' }),
    });
    const file = await published(3, 'checkpoint');
    const saved = await signpost('backup', served.data, '--out', at('backup'), '--keys', at('safe'), '--json');
    expect([saved.code, JSON.parse(saved.out)]).toEqual([0, expect.objectContaining({ saved: true, size: 3 })]);
    const before = await foundBy(served.ap('b.example'));
    expect(await follow(served.running)).toBe(0);
    await served.running.kill();
    const restored = await signpost(
      'restore',
      at('backup'),
      '--keys',
      at('safe'),
      '--data',
      at('restored'),
      '--last-checkpoint',
      file,
      '--json',
    );
    expect([restored.code, JSON.parse(restored.out)]).toEqual([
      0,
      expect.objectContaining({ restored: true, size: 3, published: 3, frozen: false }),
    ]);
    expect((await signpost('audit', 'fsck', at('restored'))).code).toBe(0);
    again = await startGatewayProcess({ data: at('restored'), pki: at('pki') });
    expect([again.logVkey, again.receiptVkey]).toEqual([served.running.logVkey, served.running.receiptVkey]);
    const client = new ApClient({ url: again.url, receiptVkey: again.receiptVkey, ...served.tls('b.example') });
    expect(before).toEqual([`mimi://a.example/u/${first}`, undefined, undefined]);
    expect(await foundBy(client)).toEqual(before);
    client.close();
    // What outsiders have is continued.
    expect(await follow(again)).toBe(0);
    const rotate = (name: string) => signpost('key', 'rotate', name, '--data', at('restored'), '--json');
    expect((await rotate('vault')).code).toBe(2);
    expect(await again.stop()).toBe(0);
    again = null;
    expect((await signpost('audit', 'fsck', at('restored'))).code).toBe(0);
    const codes = [];
    for (const name of ['log', 'receipt', 'pepper', 'door', 'vault']) codes.push((await rotate(name)).code);
    expect(codes).toEqual([1, 1, 1, 2, 0]);
    expect((await signpost('audit', 'fsck', at('restored'))).code).toBe(0);
    again = await startGatewayProcess({ data: at('restored'), pki: at('pki') });
    const last = new ApClient({ url: again.url, receiptVkey: again.receiptVkey, ...served.tls('b.example') });
    expect(await foundBy(last)).toEqual(before);
    last.close();
    expect(await again.stop()).toBe(0);
    again = null;
  });

  it('does not start again from one that is behind: it is restored for reading alone', async () => {
    await served.start();
    await register(numbers[2]);
    const file = await published(4, 'newer');
    await served.running.kill();
    const restore = (...more: string[]) => signpost('restore', at('backup'), '--keys', at('safe'), '--data', at('past'), ...more, '--json');
    const refused = await restore('--last-checkpoint', file);
    expect([refused.code, JSON.parse(refused.out)]).toEqual([1, expect.objectContaining({ holds: false, reason: 'consistency-failed' })]);
    for (const more of [[], ['--frozen', '--last-checkpoint', file], ['--last-checkpoint', at('nothing')]])
      expect((await restore(...more)).code).toBe(2);
    expect((await restore('--frozen')).code).toBe(0);
    expect((await signpost('audit', 'fsck', at('past'))).code).toBe(0);
    expect((await signpost('audit', 'open', at('past'), '0')).code).toBe(0);
    await expect(startGatewayProcess({ data: at('past'), pki: at('pki') })).rejects.toThrow(/ended \(2\).*reading alone/s);
  });
});
