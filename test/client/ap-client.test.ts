import { afterEach, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync, sign } from 'node:crypto';
import {
  ApClient,
  ApiOverQuota,
  NoAnswer,
  NpClient,
  UnexpectedAnswer,
  type ClientOptions,
  type ImportLine,
} from '../../src/client/index.js';
import { encodeBase64 } from '../../src/encoding/index.js';
import { formatVkey, leafHash, signReceipt } from '../../src/log/index.js';
import { answerJson, rejectionOf, scriptedGateway, type Script, type ScriptedGateway } from '../support/scripted-gateway.js';

const ORIGIN = 'dp.example/log';
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const spki = publicKey.export({ type: 'spki', format: 'der' });
const signer = {
  name: `${ORIGIN}/receipt`,
  publicKey: new Uint8Array(spki.subarray(spki.length - 32)),
  sign: (message: Uint8Array) => new Uint8Array(sign(null, message, privateKey)),
};
const receiptVkey = formatVkey(signer.name, signer.publicKey);
const hash = leafHash(Buffer.from('a leaf'));

const acceptance = (logIndex = 7, receiptIndex = logIndex): Record<string, unknown> => ({
  action: 'register',
  logIndex,
  leafHash: encodeBase64(hash),
  receipt: signReceipt({ origin: ORIGIN, index: receiptIndex, leafHash: hash, time: 1_800_000_000_000 }, signer),
  mapping: { sii: 'tel:+12025550100', ssi: 'mimi://a.example/u/alice', provider: 'a.example', expires: '2027-01-01T00:00:00Z' },
});

const problem = (status: number, reason: string): Record<string, unknown> => ({
  type: `urn:signpost:reason:${reason}`,
  title: reason,
  status,
  reason,
  step: 'check-authority',
  clause: 'RFC 8226 section 9',
  detail: 'number',
  logIndex: 12,
  requestId: 'r-1',
});

const passportOf = (action: string): string => `e30.${Buffer.from(JSON.stringify({ action })).toString('base64url')}.AA`;

let gateway: ScriptedGateway | null = null;
const clients: { close(): void }[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await gateway?.close();
  gateway = null;
});

const serve = async (script: Script): Promise<ScriptedGateway> => (gateway = await scriptedGateway(script));

const connect = async (script: Script, options: Partial<ClientOptions> = {}): Promise<ApClient> => {
  const { url, ca, cert, key } = await serve(script);
  const client = new ApClient({ url, ca, cert, key, patience: { attempts: 3, total: 5000 }, ...options });
  clients.push(client);
  return client;
};

describe('a submission', () => {
  it('is one POST of the PASSporT itself, under the client certificate, and gives the answer', async () => {
    const client = await connect((_seen, response) => answerJson(response, 201, acceptance()), { receiptVkey });
    const submitted = await client.register(passportOf('register'));
    expect(submitted).toMatchObject({ logIndex: 7, first: true, mapping: { provider: 'a.example' } });
    expect(gateway?.seen).toEqual([
      { method: 'POST', path: '/v1/passports', type: 'application/passport', body: passportOf('register'), client: 'a.example' },
    ]);
  });

  it('that the gateway knew already is told as such', async () => {
    const client = await connect((_seen, response) => answerJson(response, 200, acceptance()));
    expect((await client.submit(passportOf('register'))).first).toBe(false);
  });

  it('with a receipt about another entry is not believed', async () => {
    const client = await connect((_seen, response) => answerJson(response, 201, acceptance(7, 8)), { receiptVkey });
    expect(await rejectionOf(client.submit(passportOf('register')))).toMatchObject({ name: 'Refusal', reason: 'inclusion-failed' });
  });

  it('with a receipt about another leaf is not believed', async () => {
    const other = { ...acceptance(), leafHash: encodeBase64(leafHash(Buffer.from('another'))) };
    const client = await connect((_seen, response) => answerJson(response, 201, other), { receiptVkey });
    expect(await rejectionOf(client.submit(passportOf('register')))).toMatchObject({ reason: 'inclusion-failed' });
  });

  it('with a receipt under another key is not believed', async () => {
    const other = formatVkey(signer.name, new Uint8Array(32).fill(1));
    const client = await connect((_seen, response) => answerJson(response, 201, acceptance()), { receiptVkey: other });
    expect(await rejectionOf(client.submit(passportOf('register')))).toMatchObject({ reason: 'untrusted-note' });
  });

  it('that is refused throws the reason, step, clause and log index, and is not repeated', async () => {
    const client = await connect((_seen, response) => answerJson(response, 403, problem(403, 'tn-out-of-scope')));
    expect(await rejectionOf(client.register(passportOf('register')))).toMatchObject({
      name: 'Refusal',
      status: 403,
      reason: 'tn-out-of-scope',
      step: 'check-authority',
      clause: 'RFC 8226 section 9',
      logIndex: 12,
      requestId: 'r-1',
    });
    expect(gateway?.seen).toHaveLength(1);
  });

  it('of another action than the method says is not sent', async () => {
    const client = await connect((_seen, response) => answerJson(response, 201, acceptance()));
    expect(await rejectionOf(client.register(passportOf('release')))).toMatchObject({ reason: 'bad-action' });
    expect(await rejectionOf(client.withdraw('no passport'))).toMatchObject({ reason: 'malformed-token' });
    expect(gateway?.seen).toHaveLength(0);
  });

  it('of a release is the number provider’s', async () => {
    const { url, ca, cert, key } = await serve((_seen, response) => answerJson(response, 201, { ...acceptance(), action: 'release' }));
    const client = new NpClient({ url, ca, cert, key, receiptVkey });
    clients.push(client);
    expect((await client.release(passportOf('release'))).action).toBe('release');
    expect(await rejectionOf(client.release(passportOf('register')))).toMatchObject({ reason: 'bad-action' });
  });
});

describe('a retry', () => {
  it('presents the same octets again after 503, and gets the first answer', async () => {
    const client = await connect((_seen, response, turn) =>
      turn === 1
        ? answerJson(response, 503, problem(503, 'store-unavailable'), { 'Retry-After': '0' })
        : answerJson(response, 200, acceptance()),
    );
    expect(await client.register(passportOf('register'))).toMatchObject({ logIndex: 7, first: false });
    expect(new Set(gateway?.seen.map((seen) => seen.body)).size).toBe(1);
    expect(gateway?.seen).toHaveLength(2);
  });

  it('makes an unknown outcome known when the connection broke', async () => {
    const client = await connect((_seen, response, turn) =>
      turn === 1 ? void response.socket?.destroy() : answerJson(response, 200, acceptance()),
    );
    expect((await client.register(passportOf('register'))).logIndex).toBe(7);
  });

  it('is not made when the gateway asks for more patience than there is', async () => {
    const client = await connect((_seen, response) => answerJson(response, 503, problem(503, 'log-unavailable'), { 'Retry-After': '60' }));
    const error = await rejectionOf(client.register(passportOf('register')));
    expect(error).toMatchObject({ name: 'Unavailable', reason: 'log-unavailable', retryAfter: 60 });
    expect(gateway?.seen).toHaveLength(1);
  });

  it('is bounded', async () => {
    const client = await connect((_seen, response) => void response.socket?.destroy());
    expect(await rejectionOf(client.lookup('tel:+12025550100'))).toBeInstanceOf(NoAnswer);
    expect(gateway?.seen).toHaveLength(3);
  });

  it('is not made to a server whose certificate does not verify', async () => {
    const { url, cert, key } = await serve((_seen, response) => answerJson(response, 201, acceptance()));
    const client = new ApClient({ url, cert, key });
    clients.push(client);
    expect(await rejectionOf(client.submit(passportOf('register')))).toMatchObject({ name: 'NoAnswer', mayRetry: false });
    expect(gateway?.seen).toHaveLength(0);
  });
});

describe('an answer', () => {
  it.each([
    ['without JSON', 201, 'yes'],
    ['without a receipt', 201, '{"action":"register","logIndex":1,"leafHash":""}'],
    ['of refusal without a problem document', 403, '<html>'],
    ['that redirects', 302, '{}'],
  ])('%s is never taken for a yes', async (_what, status, body) => {
    const client = await connect((_seen, response) => void response.writeHead(status, { 'Content-Type': 'text/plain' }).end(body));
    expect(await rejectionOf(client.submit(passportOf('register')))).toBeInstanceOf(UnexpectedAnswer);
  });

  it('to a withdrawal by connection is checked like any other', async () => {
    const { logIndex, receipt } = acceptance();
    const client = await connect((_seen, response) => answerJson(response, 200, { logIndex, receipt }), { receiptVkey });
    expect((await client.withdraw({ sii: 'tel:+12025550100', ssi: 'mimi://a.example/u/alice' })).logIndex).toBe(7);
    expect(JSON.parse(gateway?.seen[0]?.body ?? '')).toEqual({ sii: 'tel:+12025550100', ssi: 'mimi://a.example/u/alice' });
  });
});

describe('lookups', () => {
  it('go out 256 to a request and come back in order', async () => {
    const client = await connect((seen, response) => {
      const { lookups } = JSON.parse(seen.body) as { lookups: { sii: string }[] };
      answerJson(response, 200, { answers: lookups.map(({ sii }) => ({ sii, mappings: [], ttl: 60 })) });
    });
    const queries = Array.from({ length: 600 }, (_, i) => ({ sii: `tel:+1202555${1000 + i}` }));
    expect((await client.lookupMany(queries)).map((answer) => answer.sii)).toEqual(queries.map((query) => query.sii));
    expect(gateway?.seen).toHaveLength(3);
  });

  it('fail when an answer is missing', async () => {
    const client = await connect((_seen, response) => answerJson(response, 200, { answers: [] }));
    expect(await rejectionOf(client.lookupMany([{ sii: 'tel:+12025550100' }]))).toBeInstanceOf(UnexpectedAnswer);
  });
});

describe('an import', () => {
  const take = async (lines: AsyncIterable<ImportLine>): Promise<ImportLine[]> => {
    const taken: ImportLine[] = [];
    for await (const line of lines) taken.push(line);
    return taken;
  };
  const lineOf = (line: number): string =>
    `${JSON.stringify(line === 2 ? { line, ...problem(403, 'ap-mismatch') } : { line, ...acceptance(line), status: 201 })}\n`;

  it('streams one line a PASSporT and yields the answers in order', async () => {
    const client = await connect(
      (seen, response) => {
        const count = seen.body.trim().split('\n').length;
        response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
        response.end(Array.from({ length: count }, (_, i) => lineOf(i + 1)).join(''));
      },
      { receiptVkey },
    );
    const lines = await take(client.import(['one', 'two', 'three']));
    expect(lines.map(({ status, reason }) => reason ?? status)).toEqual([201, 'ap-mismatch', 201]);
    expect(gateway?.seen[0]?.body).toBe('{"passport":"one"}\n{"passport":"two"}\n{"passport":"three"}\n');
  });

  it('that stays cut off says so after what was answered', async () => {
    const client = await connect((_seen, response, turn) => {
      response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
      response.end(turn === 1 ? lineOf(1) : '');
    });
    const lines = client.import(['one', 'two']);
    expect((await lines.next()).value).toMatchObject({ line: 1, status: 201 });
    expect(await rejectionOf(lines.next())).toBeInstanceOf(NoAnswer);
    expect(gateway?.seen).toHaveLength(3);
  });

  it('that is cut off goes on with the same octets, and counts on', async () => {
    const accepted = (line: number): string => `${JSON.stringify({ line, ...acceptance(), status: 201 })}\n`;
    const client = await connect((_seen, response, turn) => {
      response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
      if (turn === 1) response.write(lineOf(1) + lineOf(2), () => response.socket?.destroy());
      else response.end(accepted(1) + accepted(2));
    });
    const lines = await take(client.import(['one', 'two', 'three', 'four']));
    expect(lines.map(({ line, status }) => `${line} ${status}`)).toEqual(['1 201', '2 403', '3 201', '4 201']);
    expect(gateway?.seen.map(({ body }) => body)).toEqual([
      '{"passport":"one"}\n{"passport":"two"}\n{"passport":"three"}\n{"passport":"four"}\n',
      '{"passport":"three"}\n{"passport":"four"}\n',
    ]);
  });

  it('that ends because the gateway is being stopped goes on with another', async () => {
    const client = await connect((_seen, response, turn) => {
      response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
      response.end(turn === 1 ? `${JSON.stringify({ line: 1, ...problem(503, 'draining') })}\n` : lineOf(1));
    });
    expect((await take(client.import(['one']))).map(({ status }) => status)).toEqual([201]);
  });

  it('whose answers are to other lines is not believed', async () => {
    const client = await connect((_seen, response) => {
      response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
      response.end(lineOf(3) + lineOf(1));
    });
    expect(await rejectionOf(take(client.import(['one', 'two'])))).toBeInstanceOf(UnexpectedAnswer);
  });

  it('that is refused as a whole throws the refusal', async () => {
    const client = await connect((_seen, response) => answerJson(response, 401, problem(401, 'client-unknown')));
    expect(await rejectionOf(take(client.import(['one'])))).toMatchObject({ name: 'Refusal', reason: 'client-unknown' });
  });

  it('whose source fails throws what the source threw', async () => {
    const client = await connect((_seen, response) => void response.writeHead(200).end());
    const source = async function* (): AsyncGenerator<string> {
      yield 'one';
      await Promise.resolve();
      throw new TypeError('no more');
    };
    expect(await rejectionOf(take(client.import(source())))).toBeInstanceOf(TypeError);
  });
});

describe('a quota', () => {
  const quota = {
    limit: 2000,
    used: 12,
    remaining: 1988,
    epoch: { start: '2026-11-01T00:00:00.000Z', end: '2026-12-01T00:00:00.000Z', hours: 720 },
    reset: '2026-12-01T00:00:00.000Z',
    formula: 'base',
    inputs: { mappings: 0, base: 2000, factor: 2, contacts: 60, reachable: 5e9 },
    burst: { size: 2000, share: 0.2, rate: 1 },
  };

  it('is told with its inputs; members of a newer gateway are dropped', async () => {
    const client = await connect((_, response) => answerJson(response, 200, { ...quota, more: 1 }));
    expect(await client.quota()).toEqual(quota);
    expect(gateway?.seen.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /v1/quota']);
  });

  it('that is used up is an ApiOverQuota with the time to come back, asked once', async () => {
    const client = await connect((_, response) => {
      response.setHeader('Retry-After', '2592000');
      answerJson(response, 429, problem(429, 'over-quota'));
    });
    const error = await rejectionOf(client.lookup('tel:+12025550100'));
    expect(error).toBeInstanceOf(ApiOverQuota);
    expect(error).toMatchObject({ name: 'Refusal', status: 429, reason: 'over-quota', retryAfter: 2_592_000 });
    expect(gateway?.seen).toHaveLength(1);
  });
});
