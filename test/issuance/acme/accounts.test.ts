import { beforeAll, describe, expect, test } from '@jest/globals';
import { FlattenedSign } from 'jose';
import { createPrivateKey } from 'node:crypto';
import { Key, bodyOf, reasonIn, typeIn, type AcmeCaller, type Got, type Json } from '../../support/acme-client.js';
import { AcmePlace } from '../../support/acme-place.js';

let place: AcmePlace;
beforeAll(async () => {
  place = await new AcmePlace().open();
});

const fault = (got: Got): unknown => (got.status < 400 ? null : [reasonIn(got), typeIn(got), got.status]);

describe('a new account', () => {
  const make = async (caller: AcmeCaller, binding?: Json, more: Json = {}): Promise<Got> =>
    await caller.post(caller.url('newAccount'), { ...more, ...(binding === undefined ? {} : { externalAccountBinding: binding }) });

  test('is made with the key that was printed for its AP, once', async () => {
    const printed = place.print('a.example');
    const caller = await place.caller();
    expect((await make(caller, await caller.binding(printed))).status).toBe(201);
    const another = await place.caller();
    expect(fault(await make(another, await another.binding(printed)))).toEqual(['binding-used', 'unauthorized', 403]);
  });

  test('is found again by its key, whatever else is sent', async () => {
    const caller = await place.caller();
    const made = await make(caller, await caller.binding(place.print('a.example')));
    const again = await make(caller);
    expect([again.status, again.headers.get('location')]).toEqual([200, made.headers.get('location')]);
  });

  test('is not made by onlyReturnExisting', async () => {
    const caller = await place.caller();
    const binding = await caller.binding(place.print('a.example'));
    expect(fault(await make(caller, binding, { onlyReturnExisting: true }))).toEqual(['account-unknown', 'accountDoesNotExist', 400]);
    expect((await make(caller, binding)).status).toBe(201);
  });

  test('is refused without a binding', async () => {
    const caller = await place.caller();
    expect(fault(await make(caller))).toEqual(['binding-required', 'externalAccountRequired', 403]);
  });

  test('is refused with a binding that is wrong in one thing', async () => {
    const printed = place.print('a.example');
    const other = place.print('b.example');
    const caller = await place.caller();
    const wrong = [
      await caller.binding({ kid: printed.kid, key: other.key }),
      // What was printed for one AP binds nothing to another.
      await caller.binding({ kid: other.kid, key: printed.key }),
      await caller.binding({ kid: 'nobody', key: printed.key }),
      await caller.binding(printed, { url: caller.url('newOrder') }),
      await caller.binding(printed, {}, (await Key.make()).jwk),
    ];
    for (const binding of wrong) expect(fault(await make(caller, binding))).toEqual(['binding-wrong', 'unauthorized', 403]);
    expect((await make(caller, await caller.binding(printed))).status).toBe(201);
  });

  test('is refused with a binding that is no JWS by HS256 over these members', async () => {
    const printed = place.print('a.example');
    const caller = await place.caller();
    expect(reasonIn(await make(caller, { ...(await caller.binding(printed)), header: {} }))).toBe('jws-malformed');
    expect(reasonIn(await make(caller, await caller.binding(printed, { nonce: 'AAAA' })))).toBe('jws-malformed');
    const signer = new FlattenedSign(Buffer.from(JSON.stringify(caller.key.jwk)));
    signer.setProtectedHeader({ alg: 'ES256', kid: printed.kid, url: caller.url('newAccount') });
    const signed = (await signer.sign(createPrivateKey(caller.key.pem))) as unknown as Json;
    expect(reasonIn(await make(caller, signed))).toBe('jws-alg-not-allowed');
  });

  test('keeps contacts that are one mailto address each, and refuses others', async () => {
    const caller = await place.caller();
    const binding = await caller.binding(place.print('a.example'));
    for (const contact of ['tel:+12025550100', 'mailto:a@x.example,b@x.example', 'mailto:a@x.example?subject=x'])
      expect(fault(await make(caller, binding, { contact: [contact] }))).toEqual(['contact-not-taken', 'unsupportedContact', 400]);
    const made = await make(caller, binding, { contact: ['mailto:ops@a.example'] });
    expect([made.status, bodyOf(made)['contact']]).toEqual([201, ['mailto:ops@a.example']]);
  });

  test('is made under terms only by who agrees to them', async () => {
    const strict = new AcmePlace();
    strict.termsOfService = 'https://np1.example/terms';
    await strict.open();
    const caller = await strict.caller();
    expect(caller.directory['meta']).toMatchObject({ termsOfService: strict.termsOfService });
    const binding = await caller.binding(strict.print('a.example'));
    expect(fault(await make(caller, binding))).toEqual(['terms-not-agreed', 'userActionRequired', 403]);
    expect((await make(caller, binding, { termsOfServiceAgreed: true })).status).toBe(201);
  });

  test('waits when too many are made', async () => {
    const busy = await new AcmePlace().open({ accountsPerHour: 2 });
    await busy.enrolled();
    busy.now += 600;
    await busy.enrolled();
    const caller = await busy.caller();
    const printed = busy.print('a.example');
    const refused = await make(caller, await caller.binding(printed));
    expect([fault(refused), refused.headers.get('retry-after')]).toEqual([['rate-limited', 'rateLimited', 429], '3000']);
    busy.now += 3001;
    caller.nonce = null;
    expect((await make(caller, await caller.binding(printed))).status).toBe(201);
  });
});

describe('an account', () => {
  test('changes its contacts, and nothing that it may not', async () => {
    const caller = await place.enrolled();
    const changed = await caller.post(caller.kid ?? '', { contact: ['mailto:new@a.example'], orders: 'x', domain: 'b.example' });
    expect(bodyOf(changed)).toMatchObject({ contact: ['mailto:new@a.example'], orders: `${caller.kid}/orders` });
  });

  test('waits when it changes too often, contact or key, and can always be given up', async () => {
    const strict = await new AcmePlace().open({ changesPerHour: 2 });
    const client = await strict.enrolled();
    const put = (contact: string[]): Promise<Got> => client.post(client.kid ?? '', { contact });
    expect(fault(await put(['mailto:one@a.example']))).toBeNull();
    strict.now += 1800;
    expect(fault(await put(['mailto:two@a.example']))).toBeNull();
    const lines = strict.journal.entries.length;
    const refused = await put(['mailto:three@a.example']);
    expect(fault(refused)).toEqual(['rate-limited', 'rateLimited', 429]);
    expect(refused.headers.get('retry-after')).toBe('1800');
    expect(strict.journal.entries).toHaveLength(lines);
    expect((await client.read(client.kid ?? ''))['contact']).toEqual(['mailto:two@a.example']);
    strict.now += 1800;
    expect(fault(await put(['mailto:three@a.example']))).toBeNull();
    expect(fault(await client.post(client.kid ?? '', { status: 'deactivated' }))).toBeNull();
  });

  test('is seen and changed by itself alone', async () => {
    const [one, other] = [await place.enrolled(), await place.enrolled('b.example')];
    for (const url of [one.kid ?? '', `${one.kid}/orders`, `${one.kid}/delegations`])
      expect(fault(await other.post(url, ''))).toEqual(['account-mismatch', 'unauthorized', 403]);
    expect(fault(await other.post(one.kid ?? '', { status: 'deactivated' }))).toEqual(['account-mismatch', 'unauthorized', 403]);
    expect((await one.post(one.kid ?? '', '')).status).toBe(200);
  });

  test('is deactivated for good', async () => {
    const caller = await place.enrolled();
    const { kid } = caller;
    expect(bodyOf(await caller.post(kid ?? '', { status: 'deactivated' }))['status']).toBe('deactivated');
    expect(fault(await caller.post(kid ?? '', ''))).toEqual(['account-deactivated', 'unauthorized', 401]);
    caller.kid = null;
    expect(reasonIn(await caller.enrol(place.print('a.example')))).toBe('account-deactivated');
  });

  test('shows its orders page by page', async () => {
    const many = await new AcmePlace().open({ ordersPerHour: 1000, pendingOrders: 1000 });
    const caller = await many.enrolled();
    for (let i = 0; i < 101; i += 1) await many.order(caller);
    const first = await caller.post(`${caller.kid}/orders`, '');
    expect((bodyOf(first)['orders'] as string[]).length).toBe(100);
    // One more than the index link of every answer.
    const rest = await caller.read(`${caller.kid}/orders/100`);
    expect((rest['orders'] as string[]).length).toBe(1);
    expect(reasonIn(await caller.post(`${caller.kid}/orders/x`, ''))).toBe('not-found');
  });
});

describe('a key change', () => {
  interface Change {
    readonly key?: Key;
    readonly signer?: Key;
    readonly payload?: Json;
    readonly header?: Json;
  }

  const inner = async (caller: AcmeCaller, next: Key, change: Change): Promise<Json> => {
    const payload = { account: caller.kid, oldKey: caller.key.jwk, ...change.payload };
    const signer = new FlattenedSign(Buffer.from(JSON.stringify(payload)));
    signer.setProtectedHeader({ alg: 'ES256', jwk: next.jwk, url: caller.url('keyChange'), ...change.header });
    return (await signer.sign(createPrivateKey((change.signer ?? next).pem))) as unknown as Json;
  };

  const change = async (caller: AcmeCaller, next: Key, twist: Change = {}): Promise<Got> =>
    await caller.post(caller.url('keyChange'), await inner(caller, next, twist));

  test('puts the new key in the place of the old one', async () => {
    const caller = await place.enrolled();
    const next = await Key.make();
    const old = caller.key;
    expect((await change(caller, next)).status).toBe(200);
    expect(reasonIn(await caller.post(caller.kid ?? '', ''))).toBe('jws-signature-wrong');
    caller.key = next;
    expect((await caller.post(caller.kid ?? '', '')).status).toBe(200);
    // The old key is free again, and no account's.
    const stranger = await place.caller();
    stranger.key = old;
    expect(reasonIn(await stranger.post(stranger.url('newAccount'), { onlyReturnExisting: true }))).toBe('account-unknown');
  });

  test('is refused unless the inner JWS is by the new key, for this account, this old key and this URL', async () => {
    const caller = await place.enrolled();
    const next = await Key.make();
    const other = await Key.make();
    expect(fault(await change(caller, next, { signer: other }))).toEqual(['jws-signature-wrong', 'unauthorized', 401]);
    const wrong: Change[] = [
      { payload: { account: `${caller.kid}x` } },
      { payload: { oldKey: other.jwk } },
      { header: { url: caller.kid } },
    ];
    for (const twist of wrong) expect(fault(await change(caller, next, twist))).toEqual(['key-change-mismatch', 'malformed', 400]);
    expect(reasonIn(await change(caller, next, { header: { nonce: 'AAAA' } }))).toBe('jws-malformed');
    expect((await change(caller, next)).status).toBe(200);
  });

  test('is refused for a key that an account has, and says whose', async () => {
    const [one, other] = [await place.enrolled(), await place.enrolled()];
    const refused = await change(one, other.key);
    expect([fault(refused), refused.headers.get('location')]).toEqual([['account-key-taken', 'malformed', 409], other.kid]);
  });
});
