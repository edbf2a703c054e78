import { execFile } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { MAIN } from '../../src/cli/demo-gateway.js';
import { ApiRefusal, type LookupAnswer } from '../../src/client/index.js';
import { rejectionOf } from '../support/scripted-gateway.js';
import { ServedGateway, registrationClaims, signed, type Claims } from '../support/served-gateway.js';

const DOMAIN = 'xn--mnchen-3ya.example';
const SSI = 'mimi://a.example/u/alice';

describe('a served gateway and mail at a domain of U-labels', () => {
  const served = new ServedGateway();
  const { hierarchy } = served.pki;
  const claims = (address: string): Claims => registrationClaims('', SSI, { orig: { uri: `mailto:${address}` } });
  const reasonOf = async (passport: string): Promise<string> => {
    const error = await rejectionOf(served.ap('a.example').submit(passport));
    if (!(error instanceof ApiRefusal)) throw error;
    return error.reason;
  };
  const ask = (body: unknown) =>
    served.raw(served.tls('b.example')).call({ method: 'POST', path: '/v1/lookups', type: 'application/json', body: JSON.stringify(body) });

  beforeAll(async () => {
    await served.start();
    await served.ap('a.example').register(signed(hierarchy.ep(DOMAIN), claims(`alice@${DOMAIN}`)));
  });
  afterEach(() => served.disconnect());
  afterAll(() => served.remove());

  it('finds the mailbox however its address is written', async () => {
    const written = [
      'alice@münchen.example',
      'Alice@MÜNCHEN.example',
      'ALICE@mu\u0308nchen.example',
      'alice@MÜNCHEN。example',
      `alice@${DOMAIN.toUpperCase()}`,
    ];
    for (const address of written) {
      const found = await served.ap('b.example').lookup(`mailto:${address}`);
      expect({ sii: found.sii, ssis: found.mappings.map(({ ssi }) => ssi) }).toEqual({ sii: `mailto:alice@${DOMAIN}`, ssis: [SSI] });
    }
  });

  it('finds nobody under what only looks like it', async () => {
    for (const address of ['alice@munchen.example', 'alice@münchen2.example', 'a.lice@münchen.example', 'alice+x@münchen.example']) {
      expect((await served.ap('b.example').lookup(`mailto:${address}`)).mappings).toEqual([]);
    }
  });

  it('answers in one shape and size, found or not, folded or not', async () => {
    const addresses = [
      'alice@münchen.example',
      `alice@${DOMAIN}`,
      'bob@münchen.example',
      'alice@москва.рф',
      'alice@mail.example',
      `${'x'.repeat(64)}@${'ü'.repeat(50)}.${'ü'.repeat(50)}.example`,
    ];
    const answers = await Promise.all(addresses.map((address) => ask({ sii: `mailto:${address}` })));
    expect(new Set(answers.map(({ status, type, body }) => `${status} ${type} ${body.length}`)).size).toBe(1);
    const parsed = answers.map(({ body }) => JSON.parse(body.toString()) as LookupAnswer);
    expect(parsed.map(({ mappings }) => mappings.length)).toEqual([1, 1, 0, 0, 0, 0]);
    const batch = await ask({ lookups: addresses.map((address) => ({ sii: `mailto:${address}` })) });
    expect((JSON.parse(batch.body.toString()) as { answers: LookupAnswer[] }).answers.map(({ sii }) => sii)).toEqual(
      parsed.map(({ sii }) => sii),
    );
  });

  it.each(['älice@münchen.example', 'alice@münchеn.example', 'alice@münchen.example.', 'alice@☃.example', 'alice@xn--abc-.example'])(
    'calls %s no address, with the reason and without the address',
    async (address) => {
      const { status, body } = await ask({ sii: `mailto:${address}` });
      expect(status).toBe(400);
      expect(JSON.parse(body.toString())).toMatchObject({ reason: 'malformed-request', detail: expect.stringMatching(/^sii: /) });
      expect(body.toString()).not.toContain('lice');
    },
  );

  it('takes what the EP of the domain signed, in canonical form alone', async () => {
    expect(await reasonOf(signed(hierarchy.ep(DOMAIN), claims('alice@münchen.example')))).toBe('non-canonical-uri');
    expect(await reasonOf(signed(hierarchy.ep('munchen.example'), claims(`alice@${DOMAIN}`)))).toBe('email-out-of-scope');
    await served.ap('a.example').register(signed(hierarchy.ep(DOMAIN), claims(`bob@${DOMAIN}`)));
    expect((await served.ap('b.example').lookup('mailto:bob@münchen.example')).mappings).toMatchObject([{ ssi: SSI }]);
  });

  it('tells both names to who asks on the command line', async () => {
    const place = ['--url', served.running.url.replace('127.0.0.1', 'localhost'), '--pki', served.pki.directory, '--as', 'b.example'];
    const said = await new Promise<string>((resolve) => {
      execFile(process.execPath, [MAIN, 'ap', 'lookup', 'Alice@MÜNCHEN.example', ...place], (_, out) => resolve(out));
    });
    expect(said).toContain(`mailto:alice@münchen.example (${DOMAIN})`);
    expect(said).toContain(SSI);
  });
});
