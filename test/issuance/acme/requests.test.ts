import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { AcmeCaller, Key, bodyOf, reasonIn, typeIn, type Got, type Json, type Twist } from '../../support/acme-client.js';
import { AcmePlace, ORIGIN } from '../../support/acme-place.js';

const HOUR = 3600;
let place: AcmePlace;
let caller: AcmeCaller;
let account: string;

beforeAll(async () => {
  place = await new AcmePlace().open();
  caller = await place.enrolled();
  account = caller.kid ?? '';
});
beforeEach(() => {
  caller.nonce = null;
});

const readAccount = (twist: Twist = {}): Promise<Got> => caller.post(account, '', twist);
/** Reason and ACME error type. */
const fault = (got: Got): unknown => (got.status < 400 ? null : [reasonIn(got), typeIn(got), got.status]);

describe('the directory', () => {
  test('names the resources of RFC 8555 section 7.1.1, and that accounts are bound', () => {
    for (const name of ['newNonce', 'newAccount', 'newOrder', 'revokeCert', 'keyChange']) expect(caller.url(name)).toMatch(/^https:/);
    expect(caller.directory['meta']).toMatchObject({ externalAccountRequired: true, 'delegation-enabled': true });
  });

  test('gives a fresh nonce, what leads back to it, and no-store with every answer', async () => {
    const answers = [
      await place.transport({ method: 'GET', url: caller.url('newNonce') }),
      await place.transport({ method: 'HEAD', url: caller.url('newNonce') }),
      await readAccount(),
      await readAccount({ nonce: 'AAAA' }),
    ];
    for (const { headers } of answers) {
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('link')).toBe(`<${ORIGIN}/acme/directory>;rel="index"`);
    }
    expect(new Set(answers.map(({ headers }) => headers.get('replay-nonce'))).size).toBe(4);
  });
});

describe('a signed request', () => {
  test('is taken as a flattened JWS by ES256 over this URL with a fresh nonce', async () => {
    const got = await readAccount();
    expect({ status: got.status, account: bodyOf(got)['status'] }).toEqual({ status: 200, account: 'valid' });
  });

  const malformed: ReadonlyArray<readonly [string, Twist]> = [
    ['an unprotected header', { jws: (jws) => ({ ...jws, header: { kid: 'x' } }) }],
    ['the general serialization', { jws: ({ payload, ...signature }) => ({ payload, signatures: [signature] }) }],
    ['an array', { jws: (jws) => [jws] }],
    ['a signature with padding', { jws: (jws) => ({ ...jws, signature: `${String(jws['signature'])}==` }) }],
    ['no payload', { jws: (jws) => ({ protected: jws['protected'], signature: jws['signature'] }) }],
    ['both jwk and kid', { header: { jwk: {} } }],
    ['neither jwk nor kid', { header: { kid: undefined } }],
    ['no url', { header: { url: undefined } }],
    ['a header member that nobody asked for', { header: { x5c: ['AAAA'] } }],
    ['a nonce that is not base64url', { nonce: 'no nonce' }],
  ];
  test.each(malformed)('is refused with %s', async (_, twist) => {
    expect(fault(await readAccount(twist))).toEqual(['jws-malformed', 'malformed', 400]);
  });

  test('is refused with crit, which demands what no request here needs', async () => {
    const twisted = (jws: Json): Json => {
      const header = JSON.parse(Buffer.from(String(jws['protected']), 'base64url').toString('utf8')) as Json;
      return { ...jws, protected: Buffer.from(JSON.stringify({ ...header, crit: ['exp'], exp: 1 })).toString('base64url') };
    };
    expect(fault(await readAccount({ jws: twisted }))).toEqual(['jws-malformed', 'malformed', 400]);
  });

  test('is refused with a member twice, where two readers could read two requests', async () => {
    const body = await caller.sign(account, '');
    const twice = body.replace(/^\{/, '{"payload":"e30",');
    const got = await place.transport({ method: 'POST', url: account, type: 'application/jose+json', body: twice });
    expect(fault(got)).toEqual(['malformed-json', 'malformed', 400]);
  });

  test('is refused by another algorithm, and told which one is taken', async () => {
    const none = (jws: Json): Json => {
      const header = JSON.parse(Buffer.from(String(jws['protected']), 'base64url').toString('utf8')) as Json;
      return { ...jws, protected: Buffer.from(JSON.stringify({ ...header, alg: 'none' })).toString('base64url'), signature: '' };
    };
    const got = await readAccount({ jws: none });
    expect(fault(got)).toEqual(['jws-alg-not-allowed', 'badSignatureAlgorithm', 400]);
    expect(bodyOf(got)['algorithms']).toEqual(['ES256']);
  });

  test('is refused when another key signed it', async () => {
    expect(fault(await readAccount({ key: await Key.make() }))).toEqual(['jws-signature-wrong', 'unauthorized', 401]);
  });

  test('is refused when its payload is another than was signed', async () => {
    const got = await readAccount({ jws: (jws) => ({ ...jws, payload: 'e30' }) });
    expect(reasonIn(got)).toBe('jws-signature-wrong');
  });

  test('is refused for another URL', async () => {
    expect(fault(await readAccount({ header: { url: `${account}/orders` } }))).toEqual(['jws-url-mismatch', 'unauthorized', 401]);
  });

  test('is refused as another media type', async () => {
    expect(fault(await readAccount({ type: 'application/json' }))).toEqual(['unsupported-media-type', 'malformed', 415]);
  });

  test('is refused by jwk where an account must sign, and by kid where a key must', async () => {
    expect(reasonIn(await readAccount({ header: { kid: undefined, jwk: caller.key.jwk } }))).toBe('jws-malformed');
    expect(reasonIn(await caller.post(caller.url('newAccount'), {}))).toBe('jws-malformed');
  });

  test('is refused by an account that is not there', async () => {
    expect(fault(await readAccount({ header: { kid: `${account}x` } }))).toEqual(['account-unknown', 'accountDoesNotExist', 400]);
    expect(reasonIn(await readAccount({ header: { kid: 'https://elsewhere.example/acme/account/1' } }))).toBe('account-unknown');
  });
});

describe('a key that makes an account', () => {
  const withJwk = async (jwk: Json): Promise<Got> => {
    const stranger = await place.caller();
    return await stranger.post(stranger.url('newAccount'), { onlyReturnExisting: true }, { header: { jwk } });
  };

  test('is refused unless it is a public point on P-256 in full', async () => {
    const { jwk } = await Key.make();
    const wrong: Json[] = [
      { ...jwk, kty: 'RSA' },
      { ...jwk, crv: 'P-384' },
      { ...jwk, x: jwk.y },
      { ...jwk, x: 'AAAA' },
      { ...jwk, d: jwk.x },
    ];
    for (const one of wrong) expect(fault(await withJwk(one))).toEqual(['jws-key-not-allowed', 'badPublicKey', 400]);
  });

  test('is taken with members that say nothing about it', async () => {
    const stranger = await place.caller();
    const jwk = { ...stranger.key.jwk, use: 'sig', kid: 'mine' };
    const got = await stranger.post(stranger.url('newAccount'), { onlyReturnExisting: true }, { header: { jwk } });
    expect(reasonIn(got)).toBe('account-unknown');
  });
});

describe('a nonce', () => {
  test('is good once', async () => {
    const nonce = await caller.freshNonce();
    expect((await readAccount({ nonce })).status).toBe(200);
    const again = await readAccount({ nonce });
    expect(fault(again)).toEqual(['bad-nonce', 'badNonce', 400]);
    expect((await readAccount({ nonce: again.headers.get('replay-nonce') ?? '' })).status).toBe(200);
  });

  test('is good for an hour', async () => {
    const [young, old] = [await caller.freshNonce(), await caller.freshNonce()];
    place.now += HOUR - 1;
    expect((await readAccount({ nonce: young })).status).toBe(200);
    place.now += 1;
    expect(reasonIn(await readAccount({ nonce: old }))).toBe('bad-nonce');
  });

  test('is refused when it was made elsewhere, or changed', async () => {
    const elsewhere = await new AcmePlace().open();
    const stranger = await elsewhere.caller();
    expect(reasonIn(await readAccount({ nonce: await stranger.freshNonce() }))).toBe('bad-nonce');
    const nonce = await caller.freshNonce();
    const flipped = `${nonce.startsWith('A') ? 'B' : 'A'}${nonce.slice(1)}`;
    expect(reasonIn(await readAccount({ nonce: flipped }))).toBe('bad-nonce');
    expect((await readAccount({ nonce })).status).toBe(200);
  });

  test('is not spent by who has no key for it', async () => {
    const nonce = await caller.freshNonce();
    expect(reasonIn(await readAccount({ nonce, key: await Key.make() }))).toBe('jws-signature-wrong');
    expect((await readAccount({ nonce })).status).toBe(200);
  });
});
