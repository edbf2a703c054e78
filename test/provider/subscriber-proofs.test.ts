import { createHmac, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openProofs, parseAttestation } from '../../src/adapters/attestation/index.js';
import type { CodeProof, EvidenceProof, SubscriberProof, SubscriberWish } from '../../src/ports/index.js';
import { StoppedClock } from '../support/attesting.js';
import { reasonOfPromise } from '../support/reasons.js';
import { openOrigin, originTrust, serverIdentity, strangerIdentity, type Origin } from '../support/tls-origin.js';

const directory = mkdtempSync(join(tmpdir(), 'signpost-proofs-'));
const SECRET = 'a secret that is longer than thirty-two octets';
const WISH: SubscriberWish = {
  sii: 'tel:+12025550100',
  ssi: 'mimi://a.example/u/alice',
  provider: 'a.example',
  purpose: 'consumer',
  kind: 'user',
  circle: null,
};

interface Got {
  readonly headers: IncomingMessage['headers'];
  readonly url: string;
  readonly body: string;
}

let got: Got[];
let troubles: string[];
let origin: Origin | null = null;
const clock = new StoppedClock();

/** A server on loopback that answers each request in turn as told, the last way for ever. */
const serve = async (...answers: ((response: ServerResponse) => void)[]): Promise<string> => {
  origin = await openOrigin(
    (request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const body = Buffer.concat(parts).toString('utf8');
        const answer = answers[Math.min(got.length, answers.length - 1)];
        got.push({ headers: request.headers, url: request.url ?? '', body });
        answer?.(response);
      });
    },
    serverIdentity(['localhost']),
  );
  return `https://localhost:${origin.port}`;
};

const status =
  (code: number, body: unknown = {}) =>
  (response: ServerResponse): void =>
    void response.writeHead(code, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
const silence = (): void => undefined;
const cut = (response: ServerResponse): void => void response.destroy();

const proofsOf = (yaml: string): SubscriberProof[] => {
  const settings = parseAttestation(`audiences: [dp.example]\n${yaml}`);
  if (!settings.ok) throw new Error(settings.problems.join('\n'));
  const opened = openProofs(settings.value, {
    directory,
    kind: 'np',
    clock,
    trouble: (proof, why) => void troubles.push(`${proof}: ${why}`),
  });
  if (opened.problems.length > 0) throw new Error(opened.problems.join('\n'));
  return opened.proofs;
};
const codeProof = (url: string, more = ''): CodeProof =>
  proofsOf(`otp: { url: '${url}/messages', secretFile: hook.secret, caFile: ca.pem, timeoutMs: 300${more} }`)[0] as CodeProof;
const simProof = (url: string): EvidenceProof =>
  proofsOf(`sim: { url: '${url}/number-verification/v0', caFile: ca.pem, timeoutMs: 300 }`)[0] as EvidenceProof;

writeFileSync(join(directory, 'hook.secret'), `${SECRET}\n`);
writeFileSync(join(directory, 'ca.pem'), originTrust());

beforeEach(() => {
  got = [];
  troubles = [];
});
afterEach(async () => {
  await origin?.close();
  origin = null;
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('a code by the message hook', () => {
  const send = (url: string, id = 'one'): Promise<string | null> =>
    reasonOfPromise(() => codeProof(url).send(WISH.sii, 'code 12345678', id));

  test('is sent as JSON under an HMAC of its octets', async () => {
    expect(await send(await serve(status(202)))).toBeNull();
    const [{ body, headers, url } = { body: '', headers: {}, url: '' }] = got;
    expect({ url, message: JSON.parse(body) as unknown }).toEqual({
      url: '/messages',
      message: { to: '+12025550100', text: 'code 12345678' },
    });
    const signature = createHmac('sha256', SECRET).update(body).digest('hex');
    expect(headers).toMatchObject({ 'signpost-signature': `sha256=${signature}`, 'content-type': 'application/json' });
  });

  test('goes to an address as it goes to a number', async () => {
    const proof = codeProof(await serve(status(202)));
    await proof.send('mailto:alice@mail.example', 'text', 'one');
    expect(JSON.parse(got[0]?.body ?? '')).toEqual({ to: 'alice@mail.example', text: 'text' });
  });

  test.each([
    ['a 500', status(500)],
    ['an answer that was cut off', cut],
    ['no answer in time', silence],
  ])('is sent once more after %s, under the same id', async (_what, first) => {
    expect(await send(await serve(first, status(200)))).toBeNull();
    expect(got.map(({ headers }) => headers['idempotency-key'])).toEqual(['one', 'one']);
    expect(troubles).toHaveLength(1);
  });

  test.each<[string, (response: ServerResponse) => void, number]>([
    ['is down', cut, 2],
    ['is slow', silence, 2],
    ['answers 500', status(500), 2],
    ['knows another secret', status(401), 1],
    ['sends it elsewhere', (response) => void response.writeHead(307, { Location: 'https://localhost:1/' }).end(), 1],
  ])('is not sent when the hook %s', async (_what, answer, tries) => {
    expect(await send(await serve(answer))).toBe('proof-unavailable');
    expect({ tries: got.length, told: troubles.length }).toEqual({ tries, told: tries });
  });

  test.each([404, 410, 422])('to somebody who cannot be reached (%i) looks like any other', async (code) => {
    expect(await send(await serve(status(code)))).toBeNull();
    expect(troubles).toEqual([]);
  });

  test('is told to no server of another authority, and its troubles tell nothing of it', async () => {
    const stranger = await openOrigin((_request, response) => status(202)(response), strangerIdentity(['localhost']));
    expect(await send(`https://localhost:${stranger.port}`)).toBe('proof-unavailable');
    await stranger.close();
    expect(stranger.asked).toEqual([]);
    expect(troubles).toHaveLength(2);
    expect(troubles.join()).not.toMatch(/12345678|2025550100/);
  });
});

describe('number verification', () => {
  const verify = (proof: EvidenceProof, accessToken = 'token.of~the-phone'): Promise<string | null> =>
    reasonOfPromise(() => proof.verify(WISH, accessToken));

  test('asks the network about this number with the access token, and takes its yes', async () => {
    const proof = simProof(await serve(status(200, { devicePhoneNumberVerified: true })));
    expect(await verify(proof)).toBeNull();
    expect(got).toMatchObject([
      {
        url: '/number-verification/v0/verify',
        headers: { authorization: 'Bearer token.of~the-phone' },
        body: '{"phoneNumber":"+12025550100"}',
      },
    ]);
  });

  test.each<[string, (response: ServerResponse) => void, string]>([
    ['another number', status(200, { devicePhoneNumberVerified: false }), 'proof-failed'],
    ['an access token that does not hold', status(401), 'proof-failed'],
    ['an access token that the network does not vouch for', status(403), 'proof-failed'],
    ['a yes that is not a boolean', status(200, { devicePhoneNumberVerified: 'true' }), 'proof-unavailable'],
    [
      'an answer with a member twice',
      (response) => void response.end('{"devicePhoneNumberVerified":false,"devicePhoneNumberVerified":true}'),
      'proof-unavailable',
    ],
    ['a yes with another status', status(201, { devicePhoneNumberVerified: true }), 'proof-unavailable'],
    [
      'an endless answer',
      (response) => void response.end(`{"devicePhoneNumberVerified":true,"a":"${'a'.repeat(70_000)}"}`),
      'proof-unavailable',
    ],
    ['a network that is down', status(503), 'proof-unavailable'],
    ['a network that is slow', silence, 'proof-unavailable'],
  ])('refuses %s', async (_what, answer, reason) => {
    expect(await verify(simProof(await serve(answer)))).toBe(reason);
  });

  test('takes an access token once, but again when there was no answer', async () => {
    const proof = simProof(await serve(status(503), status(503), status(200, { devicePhoneNumberVerified: true })));
    expect(await verify(proof)).toBe('proof-unavailable');
    expect(await verify(proof)).toBeNull();
    expect(await verify(proof)).toBe('proof-replayed');
    expect(await verify(proof, 'token.of~the-phone==')).toBe('proof-replayed');
    expect(await verify(proof, 'another')).toBeNull();
  });

  test('sends nothing that is no access token', async () => {
    const proof = simProof(await serve(status(200, { devicePhoneNumberVerified: true })));
    for (const accessToken of ['', 'a b', 'a\r\nX: y', 'a'.repeat(9_000)]) expect(await verify(proof, accessToken)).toBe('proof-malformed');
    expect(got).toEqual([]);
  });
});

describe('a signed-in subscriber', () => {
  const pair = (): { privateKey: KeyObject; jwk: object } => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return { privateKey, jwk: publicKey.export({ format: 'jwk' }) };
  };
  const [portal, stranger] = [pair(), pair()];
  writeFileSync(join(directory, 'portal.json'), JSON.stringify({ keys: [portal.jwk] }));
  const proof = (): EvidenceProof =>
    proofsOf('operator: { issuer: https://portal.np.example, audience: https://np.example, jwksFile: portal.json }')[0] as EvidenceProof;

  const now = (): number => Math.floor(clock.ms / 1000);
  const claims = (changes: Record<string, unknown> = {}): Record<string, unknown> => ({
    iss: 'https://portal.np.example',
    aud: 'https://np.example',
    sub: WISH.sii,
    iat: now(),
    exp: now() + 300,
    jti: randomBytes(16).toString('base64url'),
    ap: 'a.example',
    ssi: WISH.ssi,
    purpose: 'consumer',
    ...changes,
  });
  const encode = (text: string): string => Buffer.from(text).toString('base64url');
  const HEADER = '{"alg":"ES256","typ":"signpost-consent+jwt"}';
  /** By node:crypto, which is not what verifies. */
  const signed = (payload: string, header = HEADER, key = portal.privateKey): string => {
    const input = `${encode(header)}.${encode(payload)}`;
    return `${input}.${sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  };
  const statement = (changes: Record<string, unknown> = {}): string => signed(JSON.stringify(claims(changes)));
  /** A desk that started ten seconds ago. */
  const verify = (evidence: () => string, wish: SubscriberWish = WISH): Promise<string | null> => {
    const one = proof();
    clock.ms += 10_000;
    return reasonOfPromise(() => one.verify(wish, evidence()));
  };

  test('is believed for this very wish', async () => {
    const circle = randomBytes(32).toString('base64url');
    expect(await verify(() => statement())).toBeNull();
    expect(await verify(() => statement({ kind: 'service', circle }), { ...WISH, kind: 'service', circle })).toBeNull();
    expect(await verify(() => statement({ iat: now() + 5, exp: now() + 305 }))).toBeNull();
  });

  test.each<[string, string, () => Record<string, unknown>]>([
    ['of another issuer', 'proof-mismatch', () => ({ iss: 'https://other.example' })],
    ['for another desk', 'proof-mismatch', () => ({ aud: 'https://other.example' })],
    ['about another number', 'proof-mismatch', () => ({ sub: 'tel:+12025550101' })],
    ['for another AP', 'proof-mismatch', () => ({ ap: 'b.example' })],
    ['for another SSI', 'proof-mismatch', () => ({ ssi: 'mimi://a.example/u/mallory' })],
    ['for another purpose', 'proof-mismatch', () => ({ purpose: 'business' })],
    ['for a service', 'proof-mismatch', () => ({ kind: 'service' })],
    ['for a circle that the request leaves out', 'proof-mismatch', () => ({ circle: randomBytes(32).toString('base64url') })],
    ['that is good for longer than five minutes', 'proof-mismatch', () => ({ exp: now() + 9_999 })],
    ['from the future', 'proof-mismatch', () => ({ iat: now() + 999, exp: now() + 1_099 })],
    ['that has run out', 'proof-expired', () => ({ iat: now() - 300, exp: now() - 1 })],
    ['from before the desk started', 'proof-expired', () => ({ iat: now() - 100, exp: now() + 150 })],
    ['that may be, by a fast clock, from before the desk started', 'proof-expired', () => ({ iat: now() - 6, exp: now() + 150 })],
    ['with several audiences', 'proof-malformed', () => ({ aud: ['https://np.example'] })],
    ['with a claim that nobody knows', 'proof-malformed', () => ({ admin: true })],
    ['without a jti', 'proof-malformed', () => ({ jti: undefined })],
    ['with a short jti', 'proof-malformed', () => ({ jti: 'short' })],
  ])('is not believed by a statement %s: %s', async (_what, reason, changes) => {
    expect(await verify(() => statement(changes()))).toBe(reason);
  });

  test.each<[string, string, () => string]>([
    ['under a key that is not pinned', 'proof-failed', () => signed(JSON.stringify(claims()), HEADER, stranger.privateKey)],
    [
      'with another payload than the signed one',
      'proof-failed',
      () => {
        const [header, , signature] = statement().split('.');
        return `${header}.${encode(JSON.stringify(claims()))}.${signature}`;
      },
    ],
    ['with alg none', 'proof-malformed', () => signed(JSON.stringify(claims()), '{"alg":"none","typ":"signpost-consent+jwt"}')],
    ['of another type', 'proof-malformed', () => signed(JSON.stringify(claims()), '{"alg":"ES256","typ":"JWT"}')],
    [
      'that brings its own key',
      'proof-malformed',
      () => signed(JSON.stringify(claims()), `{"alg":"ES256","typ":"signpost-consent+jwt","jwk":${JSON.stringify(stranger.jwk)}}`),
    ],
    ['with a claim twice', 'proof-malformed', () => signed(JSON.stringify(claims()).replace('{', '{"ap":"b.example",'))],
    ['with padding', 'proof-malformed', () => `${statement()}==`],
    ['in two parts', 'proof-malformed', () => statement().split('.').slice(0, 2).join('.')],
    ['that is too long', 'proof-malformed', () => statement({ iss: 'a'.repeat(5_000) })],
  ])('is not believed by a statement %s: %s', async (_what, reason, evidence) => {
    expect(await verify(evidence)).toBe(reason);
  });

  test('is not believed by a statement with any character changed', async () => {
    const one = proof();
    clock.ms += 10_000;
    const good = statement();
    const changed = (at: number): string => `${good.slice(0, at)}${good[at] === 'A' ? 'B' : 'A'}${good.slice(at + 1)}`;
    const reasons = await Promise.all(Array.from(good, (_character, at) => reasonOfPromise(() => one.verify(WISH, changed(at)))));
    expect(reasons.filter((reason) => reason !== 'proof-malformed' && reason !== 'proof-failed')).toEqual([]);
    expect(await reasonOfPromise(() => one.verify(WISH, good))).toBeNull();
  });

  test('is believed once; another statement of the same wish is another', async () => {
    const one = proof();
    clock.ms += 10_000;
    const evidence = statement();
    expect(await reasonOfPromise(() => one.verify(WISH, evidence))).toBeNull();
    expect(await reasonOfPromise(() => one.verify(WISH, evidence))).toBe('proof-replayed');
    expect(await reasonOfPromise(() => one.verify(WISH, statement()))).toBeNull();
  });

  test('wrong statements use nothing up', async () => {
    const one = proof();
    clock.ms += 10_000;
    const jti = randomBytes(16).toString('base64url');
    expect(await reasonOfPromise(() => one.verify(WISH, statement({ jti, ap: 'b.example' })))).toBe('proof-mismatch');
    expect(await reasonOfPromise(() => one.verify(WISH, statement({ jti })))).toBeNull();
  });
});

describe('attestation.yaml', () => {
  const problemsOf = (yaml: string, kind: 'np' | 'ep' = 'np'): readonly string[] => {
    const settings = parseAttestation(yaml);
    return settings.ok ? openProofs(settings.value, { directory, kind, clock, trouble: () => undefined }).problems : settings.problems;
  };
  const KEYS = 'operator: { issuer: i, audience: a, jwksFile:';
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey;
  const write = (name: string, keys: readonly object[]): void => writeFileSync(join(directory, name), JSON.stringify({ keys }));
  writeFileSync(join(directory, 'short.secret'), 'short');
  writeFileSync(join(directory, 'no-ca.pem'), 'no certificate');
  write('good.json', [publicKey.export({ format: 'jwk' })]);
  write('private.json', [privateKey.export({ format: 'jwk' })]);
  write('p384.json', [p384.export({ format: 'jwk' })]);
  write('unnamed.json', [publicKey.export({ format: 'jwk' }), publicKey.export({ format: 'jwk' })]);
  write(
    'named.json',
    ['a', 'b'].map((kid) => ({ ...publicKey.export({ format: 'jwk' }), kid })),
  );

  test.each<[string, number, string]>([
    ['is good with one proof', 0, `audiences: [dp.example]\n${KEYS} good.json }`],
    ['is good with named keys', 0, `audiences: [dp.example]\n${KEYS} named.json }`],
    ['names no proof', 1, 'audiences: [dp.example]'],
    ['names no discovery provider', 1, `audiences: []\n${KEYS} good.json }`],
    ['has a member that nobody knows', 1, `audiences: [dp.example]\nsms: {}\n${KEYS} good.json }`],
    ['names a hook without TLS', 1, 'audiences: [dp.example]\notp: { url: http://localhost/, secretFile: hook.secret }'],
    [
      'names a hook with a password in its URL',
      1,
      'audiences: [dp.example]\notp: { url: https://u:p@localhost/, secretFile: hook.secret }',
    ],
    [
      'has a text that does not tell the code',
      1,
      "audiences: [dp.example]\notp: { url: https://h.example/, secretFile: hook.secret, text: '{provider} {user} {purpose}' }",
    ],
    [
      'names files that are not there, and all are told',
      3,
      `audiences: [dp.example]\notp: { url: https://h.example/, secretFile: x, caFile: y }\n${KEYS} z }`,
    ],
    [
      'has a short secret and an authority that is none',
      2,
      'audiences: [dp.example]\notp: { url: https://h.example/, secretFile: short.secret, caFile: no-ca.pem }',
    ],
    ['pins a private key', 1, `audiences: [dp.example]\n${KEYS} private.json }`],
    ['pins a key of another curve', 1, `audiences: [dp.example]\n${KEYS} p384.json }`],
    ['pins several keys without names', 1, `audiences: [dp.example]\n${KEYS} unnamed.json }`],
  ])('%s: %i problems', (_what, count, yaml) => {
    expect(problemsOf(yaml)).toHaveLength(count);
  });

  test('has no number verification for mail', () => {
    const yaml = 'audiences: [dp.example]\nsim: { url: https://camara.example/ }';
    expect([problemsOf(yaml, 'ep').length, problemsOf(yaml, 'np').length]).toEqual([1, 0]);
  });
});
