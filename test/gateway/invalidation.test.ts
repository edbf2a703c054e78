import { createHash } from 'node:crypto';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { CredentialBook } from '../../src/gateway/credential-book.js';
import { newKeyPair, type Authority } from '../../src/issuance/index.js';
import { NumberingPlan } from '../../src/numbering/index.js';
import { Authorizer } from '../../src/policy/index.js';
import { Unavailable } from '../../src/reasons/index.js';
import { packSubject, unpackSubject } from '../../src/registry/index.js';
import type { Material } from '../../src/verification/index.js';
import {
  A,
  delegateFor,
  makePlace,
  makeWorld,
  openAt,
  registration,
  sharedNumber,
  withdrawal,
  type Place,
} from '../support/open-gateway.js';
import { CEDAR, CEDAR_SCHEMA, unwrap } from '../support/passport-bench.js';
import { SweptGateway } from '../support/swept-gateway.js';

const DAY = 86_400;

let base: Place;
let swept: SweptGateway;
let next = 0;
const number = (): string => sharedNumber((next += 1));

beforeAll(async () => {
  base = await makePlace();
});

beforeEach(async () => {
  next = 0;
  swept = await SweptGateway.open({ ...base, dataDir: join(await mkdtemp(join(tmpdir(), 'signpost-swept-')), 'data') });
});

afterEach(async () => {
  await swept.expectWhole();
  await swept.close();
});

const expiryOf = async (tn: string): Promise<number> => {
  const [answer] = (await swept.gateway.lookup([{ sii: `tel:+${tn}` }], A)).answers;
  return Date.parse(answer?.mappings[0]?.expires ?? '') / 1000;
};

describe('a credential that is revoked', () => {
  test('for compromise: what it registered is gone, with a leaf, and what others registered stays', async () => {
    const [stolen, other] = [number(), number()];
    const credential = await swept.register(stolen);
    await swept.register(other);
    swept.revoke(credential, 'keyCompromise');
    await swept.sweep();
    expect([await swept.resolved(stolen), await swept.resolved(other)]).toEqual([[], ['a.example']]);
    const [leaf, ...more] = await swept.fell();
    expect(more).toEqual([]);
    expect(leaf).toMatchObject({
      why: 'cert-revoked',
      np: null,
      ap: null,
      sii: null,
      fell: { eff: 'removed', n: 1, rsn: 'keyCompromise' },
    });
    const lists = (await makeMaterial()).crls.map((crl) => (crl instanceof Uint8Array ? crl : crl.der));
    const digests = lists.map((crl) => createHash('sha256').update(crl).digest('base64url'));
    expect(digests).toContain(leaf?.fell?.crl);
    expect(swept.gateway.invalidation.mappings).toEqual([{ effect: 'removed', reason: 'cert-revoked', count: 1 }]);
  });

  test('as superseded: what it registered resolves until the grace period ends, unless it is registered again', async () => {
    const [left, again] = [number(), number()];
    const credential = delegateFor(swept.place, 'a.example', left);
    await swept.register(left, credential);
    const other = await swept.register(again);
    for (const one of [credential, other]) swept.revoke(one, 'superseded');
    await swept.sweep();
    const marked = swept.place.clock.seconds;
    expect([await swept.resolved(left), await swept.resolved(again)]).toEqual([['a.example'], ['a.example']]);
    expect([await expiryOf(left), await expiryOf(again)]).toEqual([marked + 14 * DAY, marked + 14 * DAY]);
    await swept.register(again);
    expect(await expiryOf(again)).toBe(swept.place.clock.seconds + 30 * DAY);
    // Another reload finds nothing more to do, and what was registered again is not marked.
    await swept.sweep();
    expect((await swept.fell()).map(({ fell }) => [fell?.eff, fell?.n])).toEqual([['marked', 2]]);
    swept.place.clock.advance(14 * DAY);
    expect([await swept.resolved(left), await swept.resolved(again)]).toEqual([[], ['a.example']]);
  });

  test('since some second: what it registered from that second on is gone, what it had before is marked', async () => {
    const [early, exact, late] = [number(), number(), number()];
    const { clock } = swept.place;
    const { hierarchy } = swept.place.pki;
    const credential = hierarchy.delegate({ spc: '709J', provider: 'a.example', numbers: [{ start: early, count: 3 }] });
    await swept.register(early, credential);
    clock.advance(9);
    await swept.register(exact, credential);
    const since = clock.seconds;
    await swept.register(late, credential);
    swept.revoke(credential, 'keyCompromise', since);
    await swept.sweep();
    expect([await swept.resolved(early), await swept.resolved(exact), await swept.resolved(late)]).toEqual([['a.example'], [], []]);
    expect(await expiryOf(early)).toBe(clock.seconds + 14 * DAY);
    expect(new Map((await swept.fell()).map(({ fell }) => [fell?.eff, fell?.n]))).toEqual(
      new Map([
        ['marked', 1],
        ['removed', 2],
      ]),
    );
  });

  test('with its CA: all that is below falls', async () => {
    const tns = [number(), number(), number()];
    for (const tn of tns) await swept.register(tn);
    const { hierarchy } = swept.place.pki;
    const crls = hierarchy.crls();
    await swept.sweep((material) => ({ ...material, crls: [...crls.values()] }));
    expect(await swept.fell()).toEqual([]);
    const place = await makePlace(swept.place.clock);
    const other = await SweptGateway.open(place);
    for (const tn of tns) await other.register(tn);
    place.pki.hierarchy.revoke(
      place.pki.hierarchy.authority('np-709J').certificate,
      place.pki.hierarchy.authority('delegate-root'),
      'cACompromise',
    );
    await other.sweep();
    for (const tn of tns) expect(await other.resolved(tn)).toEqual([]);
    expect((await other.fell()).map(({ fell }) => fell)).toMatchObject([{ n: 3, rsn: 'cACompromise' }]);
    await other.expectWhole();
    await other.close();
  });

  test('under a CRL that has run out meanwhile changes nothing', async () => {
    const tn = number();
    const credential = await swept.register(tn);
    const { hierarchy } = swept.place.pki;
    hierarchy.revoke(credential.path[0] ?? Buffer.alloc(0), hierarchy.authority('np-709J'), 'keyCompromise');
    const crls = [...hierarchy.crls(60).values()];
    swept.place.clock.advance(61);
    await swept.sweep((material) => ({ ...material, crls }));
    expect(await swept.resolved(tn)).toEqual(['a.example']);
    await swept.sweep((material) => ({ ...material, crls: [...hierarchy.crls().values()] }));
    expect(await swept.resolved(tn)).toEqual([]);
  });

  test('under a CRL that does not count yet falls when it does, without another reload', async () => {
    const [stolen, other] = [number(), number()];
    const credential = await swept.register(stolen);
    await swept.register(other);
    const { clock, pki } = swept.place;
    clock.advance(60);
    swept.revoke(credential, 'keyCompromise');
    const crls = [...pki.hierarchy.crls().values()];
    clock.advance(-60);
    swept.gateway.setWorld(await makeWorld(swept.place, (material) => ({ ...material, crls: [...material.crls, ...crls] })));
    await swept.gateway.swept();
    clock.advance(59);
    swept.gateway.tendMappings();
    await swept.gateway.swept();
    expect([await swept.resolved(stolen), await swept.fell()]).toEqual([['a.example'], []]);
    clock.advance(1);
    swept.gateway.tendMappings();
    await swept.gateway.swept();
    expect([await swept.resolved(stolen), await swept.resolved(other)]).toEqual([[], ['a.example']]);
    expect(await swept.fell()).toMatchObject([{ why: 'cert-revoked', fell: { eff: 'removed', n: 1 } }]);
    // What has come about is not looked for again.
    swept.gateway.tendMappings();
    expect(swept.gateway.invalidation.pending).toBe(false);
  });
});

const makeMaterial = async (): Promise<Material> => {
  let material: Material | null = null;
  await makeWorld(swept.place, (read) => (material = read));
  if (material === null) throw new Error('no material');
  return material;
};

const delegateAnchors = ({ anchors }: Material) => anchors.filter(({ profile }) => profile === 'delegate');
const otherAnchors = ({ anchors }: Material) => anchors.filter(({ profile }) => profile !== 'delegate');

describe('an anchor', () => {
  test('that is taken away takes with it what was registered under it, and a trust list that runs out does not', async () => {
    const tn = number();
    await swept.register(tn);
    await swept.sweep((material) => ({ ...material, anchors: otherAnchors(material), silent: ['delegate'] }));
    expect(await swept.resolved(tn)).toEqual(['a.example']);
    await swept.sweep((material) => ({ ...material, anchors: otherAnchors(material) }));
    expect(await swept.resolved(tn)).toEqual([]);
    expect(await swept.fell()).toMatchObject([{ why: 'untrusted-chain', fell: { eff: 'removed', crl: null, rsn: null } }]);
  });

  test('whose scope is narrowed takes the numbers outside with it, each by its own code', async () => {
    const inside = number();
    const outside = '13035550101';
    const { hierarchy } = swept.place.pki;
    const beyond = hierarchy.delegate({ spc: '505X', provider: 'a.example', numbers: [{ start: outside, count: 1 }] });
    const widely = (material: Material): Material => ({
      ...material,
      anchors: [...otherAnchors(material), ...delegateAnchors(material).map((anchor) => ({ ...anchor, speaksFor: 'any' as const }))],
    });
    await swept.sweep(widely);
    await swept.register(inside);
    await swept.register(outside, beyond);
    await swept.sweep((material) => ({
      ...material,
      anchors: [...otherAnchors(material), ...delegateAnchors(material).map((anchor) => ({ ...anchor, speaksFor: ['1202'] }))],
    }));
    expect([await swept.resolved(inside), await swept.resolved(outside)]).toEqual([['a.example'], []]);
    expect(await swept.fell()).toMatchObject([{ why: 'anchor-out-of-scope', fell: { eff: 'removed', n: 1 } }]);
    // Asked once, not with every reload.
    const size = swept.gateway.logSize;
    await swept.sweep((material) => ({
      ...material,
      anchors: [...otherAnchors(material), ...delegateAnchors(material).map((anchor) => ({ ...anchor, speaksFor: ['1202'] }))],
    }));
    expect(swept.gateway.logSize).toBe(size);
  });

  test('that is asked for each number hides no later revocation of the credential', async () => {
    const [tn, other] = [number(), number()];
    const speaking = (material: Material): Material => ({
      ...material,
      anchors: [...otherAnchors(material), ...delegateAnchors(material).map((anchor) => ({ ...anchor, speaksFor: ['1202'] }))],
    });
    const credential = await swept.register(tn);
    await swept.register(other);
    await swept.sweep(speaking);
    expect([await swept.resolved(tn), await swept.fell()]).toEqual([['a.example'], []]);
    swept.revoke(credential, 'superseded');
    await swept.sweep(speaking);
    const grace = swept.place.clock.seconds + 14 * DAY;
    expect([await expiryOf(tn), (await expiryOf(other)) > grace]).toEqual([grace, true]);
    swept.revoke(credential, 'keyCompromise', swept.place.clock.seconds - DAY);
    await swept.sweep(speaking);
    expect([await swept.resolved(tn), await swept.resolved(other)]).toEqual([[], ['a.example']]);
    expect((await swept.fell()).map(({ why, fell }) => [why, fell?.eff, fell?.n])).toEqual([
      ['cert-revoked', 'marked', 1],
      ['cert-revoked', 'removed', 1],
    ]);
  });
});

describe('a policy', () => {
  test('that lets such credentials register nothing marks what they have', async () => {
    const tn = number();
    await swept.register(tn);
    const cedar = CEDAR.replace(/@id\("delegate-registers-and-withdraws-its-own"\)[^]*?;\n/, '');
    const authorizer = unwrap(Authorizer.load(cedar, CEDAR_SCHEMA));
    await swept.sweep((material) => ({ ...material, authorizer }));
    expect(await swept.resolved(tn)).toEqual(['a.example']);
    expect(await expiryOf(tn)).toBe(swept.place.clock.seconds + 14 * DAY);
    expect(await swept.fell()).toMatchObject([{ why: 'action-not-authorised', fell: { eff: 'marked' } }]);
  });
});

describe('numbering data', () => {
  test('that gives the number to another NP takes nothing away that was registered, and nothing new is accepted', async () => {
    const tn = number();
    const credential = await swept.register(tn);
    const moved = NumberingPlan.of([
      { spc: '505X', start: '12025550000', count: 10_000, validFrom: null },
      { spc: '709J', start: '13035550000', count: 10_000, validFrom: null },
    ]);
    await swept.sweep((material) => ({ ...material, numbering: moved }));
    expect([await swept.resolved(tn), await swept.fell()]).toEqual([['a.example'], []]);
    swept.place.clock.advance(1);
    const again = (): ReturnType<typeof swept.submit> => swept.submit(registration(swept.place, tn, { credential }));
    expect(await again()).toMatchObject({ outcome: 'refused', reason: 'tn-out-of-scope' });
    expect(await swept.resolved(tn)).toEqual(['a.example']);
    await swept.sweep();
    swept.place.clock.advance(1);
    expect(await again()).toMatchObject({ outcome: 'accepted' });
  });
});

describe('what happens meanwhile', () => {
  test('a register that was judged before the revocation and is not committed yet is refused', async () => {
    const tn = number();
    const credential = delegateFor(swept.place, 'a.example', tn);
    const passport = registration(swept.place, tn, { credential });
    swept.revoke(credential, 'keyCompromise');
    swept.place.clock.advance(1);
    swept.place.pki.publishRevocations();
    const world = await makeWorld(swept.place);
    const submission = swept.submit(passport);
    swept.gateway.setWorld(world);
    expect(await submission).toMatchObject({ outcome: 'refused', reason: 'cert-revoked' });
    await swept.gateway.swept();
    expect(await swept.resolved(tn)).toEqual([]);
    expect(await swept.fell()).toEqual([]);
  });

  test('a register that is being committed when the revocation comes is found by the sweep', async () => {
    const tn = number();
    const credential = delegateFor(swept.place, 'a.example', tn);
    const passport = registration(swept.place, tn, { credential });
    swept.revoke(credential, 'keyCompromise');
    swept.place.clock.advance(1);
    swept.place.pki.publishRevocations();
    const world = await makeWorld(swept.place);
    const { wal } = swept.opened.data;
    const append = wal.append.bind(wal);
    wal.append = async (...batch) => {
      wal.append = append;
      swept.gateway.setWorld(world);
      await new Promise((resolve) => setImmediate(resolve));
      await append(...batch);
    };
    expect(await swept.submit(passport)).toMatchObject({ outcome: 'accepted' });
    await swept.gateway.swept();
    expect(await swept.resolved(tn)).toEqual([]);
    expect(await swept.fell()).toHaveLength(1);
  });

  test('a mapping that is registered again between the walk and the commit stays', async () => {
    const [again, gone] = [number(), number()];
    const credential = await swept.register(again);
    const other = await swept.register(gone);
    for (const one of [credential, other]) swept.revoke(one, 'keyCompromise');
    const { store } = swept.opened;
    const entries = store.entries.bind(store);
    store.entries = async function* () {
      store.entries = entries;
      yield* entries();
      await swept.register(again);
    };
    await swept.sweep();
    expect([await swept.resolved(again), await swept.resolved(gone)]).toEqual([['a.example'], []]);
    expect((await swept.fell()).map(({ fell }) => fell?.n)).toEqual([1]);
  });

  test('a later world restarts the sweep, and what it takes away is gone too', async () => {
    const [first, second] = [number(), number()];
    const [one, two] = [await swept.register(first), await swept.register(second)];
    swept.revoke(one, 'keyCompromise');
    const { store } = swept.opened;
    const entries = store.entries.bind(store);
    store.entries = async function* () {
      store.entries = entries;
      yield* entries();
      swept.revoke(two, 'keyCompromise');
      await swept.reload();
    };
    await swept.sweep();
    expect([await swept.resolved(first), await swept.resolved(second)]).toEqual([[], []]);
    expect(swept.gateway.invalidation.mappings).toEqual([{ effect: 'removed', reason: 'cert-revoked', count: 2 }]);
  });

  test('a withdrawal meanwhile leaves nothing to remove, and no leaf', async () => {
    const tn = number();
    const credential = await swept.register(tn);
    swept.revoke(credential, 'keyCompromise');
    swept.place.clock.advance(1);
    const withdrawn = await swept.submit(withdrawal(swept.place, tn, credential));
    expect(withdrawn.outcome).toBe('accepted');
    await swept.sweep();
    expect(await swept.fell()).toEqual([]);
  });
});

describe('a credential with many sets of CAs above it', () => {
  test('registers under as many as the book holds; another one is unavailable, and a restart finds the log whole', async () => {
    const [tn, other] = [number(), number()];
    const { clock, pki } = swept.place;
    const numbers = [{ start: tn, count: 1 }];
    const key = newKeyPair();
    const renewed = (): Authority => pki.hierarchy.delegateCa('709J', 'enterprise', numbers, { key });
    const first = renewed();
    const { path, key: own } = pki.hierarchy.delegate({ spc: '709J', provider: 'a.example', numbers, issuer: first });
    const [endEntity = Buffer.alloc(0)] = path;
    const present = (issuer: Authority): ReturnType<typeof swept.submit> => {
      clock.advance(1);
      return swept.submit(registration(swept.place, tn, { credential: { key: own, path: [endEntity, ...issuer.path] } }));
    };
    // One CRL serves them all: they have one name and one key.
    await swept.sweep();
    expect(await present(first)).toMatchObject({ outcome: 'accepted' });
    for (let n = 1; n < 64; n += 1) expect(await present(renewed())).toMatchObject({ outcome: 'accepted' });
    const size = swept.gateway.logSize;
    await expect(present(renewed())).rejects.toMatchObject({ reason: 'overloaded' });
    expect(swept.gateway.logSize).toBe(size);
    expect(await present(first)).toMatchObject({ outcome: 'accepted' });
    await swept.register(other);
    await swept.restart();
    expect([await swept.resolved(tn), await swept.resolved(other)]).toEqual([['a.example'], ['a.example']]);
  });
});

describe('what cannot be done', () => {
  test('because the book cannot take what is durable ends all writing, and the restart has it', async () => {
    const tn = number();
    const credential = delegateFor(swept.place, 'a.example', tn);
    const put = jest.spyOn(CredentialBook.prototype, 'put').mockImplementationOnce(() => {
      throw new RangeError('no room');
    });
    await expect(swept.register(tn, credential)).rejects.toMatchObject({ reason: 'log-unavailable' });
    put.mockRestore();
    await expect(swept.register(number())).rejects.toMatchObject({ reason: 'log-unavailable' });
    expect(await swept.gateway.readiness()).toMatchObject({ ready: false });
    await swept.restart();
    expect(await swept.resolved(tn)).toEqual(['a.example']);
    expect(await swept.gateway.readiness()).toMatchObject({ ready: true });
  });

  test('for want of the store is tried again, and the gateway says that it is not ready', async () => {
    const tn = number();
    swept.revoke(await swept.register(tn), 'keyCompromise');
    const { store } = swept.opened;
    const entries = store.entries.bind(store);
    store.entries = async function* () {
      yield* [];
      throw new Unavailable('store-unavailable');
    };
    await swept.reload();
    await swept.gateway.swept();
    expect(swept.gateway.invalidation).toMatchObject({ pending: true, problem: expect.stringContaining('judged again') });
    expect(await swept.gateway.readiness()).toMatchObject({ ready: false });
    store.entries = entries;
    swept.gateway.tendMappings();
    await swept.gateway.swept();
    expect(await swept.resolved(tn)).toEqual([]);
    expect(await swept.gateway.readiness()).toEqual({ ready: true, problems: [] });
  });

  test('for a mapping whose credential nobody knows is passed over and told, and the rest is done', async () => {
    const [strange, stolen] = [number(), number()];
    await swept.register(strange);
    swept.revoke(await swept.register(stolen), 'keyCompromise');
    const { store } = swept.opened;
    const entries = store.entries.bind(store);
    let isStrange = true;
    store.entries = async function* () {
      for await (const [id, packed] of entries()) {
        const subject = unpackSubject(packed);
        const isFirst = subject.mappings.some(({ leafIndex }) => leafIndex === 0);
        const mappings = subject.mappings.map((mapping) => ({ ...mapping, credential: 'ff'.repeat(16) }));
        yield [id, isFirst && isStrange ? packSubject({ ...subject, mappings }) : packed];
      }
    };
    await swept.reload();
    await swept.gateway.swept();
    expect([await swept.resolved(strange), await swept.resolved(stolen)]).toEqual([['a.example'], []]);
    expect(swept.gateway.sweepFault).toBeNull();
    expect(swept.gateway.invalidation).toMatchObject({ pending: false, unknown: 1, problem: expect.stringContaining('audit fsck') });
    expect(await swept.gateway.readiness()).toMatchObject({ ready: false });
    isStrange = false;
    const later = number();
    swept.revoke(await swept.register(later), 'keyCompromise');
    await swept.sweep();
    expect([await swept.resolved(later), swept.gateway.invalidation.unknown]).toEqual([[], 0]);
    expect(await swept.gateway.readiness()).toEqual({ ready: true, problems: [] });
  });

  test('because the store loses the write is done by its repair', async () => {
    const tn = number();
    swept.revoke(await swept.register(tn), 'keyCompromise');
    const { store } = swept.opened;
    const apply = store.apply.bind(store);
    store.apply = () => {
      store.apply = apply;
      return Promise.reject(new Unavailable('store-unavailable'));
    };
    await swept.reload();
    await swept.gateway.swept();
    expect(await swept.resolved(tn)).toEqual([]);
    swept.gateway.tendMappings();
    await swept.gateway.swept();
    expect(swept.gateway.invalidation).toMatchObject({ pending: false, problem: null });
    expect(await swept.fell()).toHaveLength(1);
  });

  test('because the log cannot be written is done after the restart, and not ready says so until then', async () => {
    const tn = number();
    swept.revoke(await swept.register(tn), 'keyCompromise');
    const { wal } = swept.opened.data;
    wal.append = () => Promise.reject(new Error('no space left on device'));
    await swept.reload();
    await swept.gateway.swept();
    expect(await swept.resolved(tn)).toEqual(['a.example']);
    expect(await swept.gateway.readiness()).toMatchObject({ ready: false });
    await swept.restart();
    await swept.gateway.swept();
    expect(await swept.resolved(tn)).toEqual([]);
    expect(await swept.gateway.readiness()).toEqual({ ready: true, problems: [] });
  });
});

describe('a restart', () => {
  test('between the CRL and the sweep is not ready until the sweep is done', async () => {
    const [stolen, other] = [number(), number()];
    const credential = await swept.register(stolen);
    await swept.register(other);
    await swept.gateway.snapshot();
    swept.revoke(credential, 'keyCompromise');
    swept.place.clock.advance(1);
    swept.place.pki.publishRevocations();
    await swept.restart();
    expect(await swept.gateway.readiness()).toMatchObject({ ready: false });
    await swept.gateway.swept();
    expect(await swept.gateway.readiness()).toEqual({ ready: true, problems: [] });
    expect([await swept.resolved(stolen), await swept.resolved(other)]).toEqual([[], ['a.example']]);
  });

  test('after it finds nothing more to do, with a snapshot and without', async () => {
    const [stolen, superseded] = [number(), number()];
    swept.revoke(await swept.register(stolen), 'keyCompromise');
    swept.revoke(await swept.register(superseded), 'superseded');
    await swept.sweep();
    const [size, packed] = [swept.gateway.logSize, await swept.packed()];
    await swept.restart();
    await swept.gateway.swept();
    expect([swept.gateway.logSize, await swept.packed()]).toEqual([size, packed]);
    await swept.gateway.snapshot();
    await swept.restart();
    await swept.gateway.swept();
    expect([swept.gateway.logSize, await swept.packed()]).toEqual([size, packed]);
    expect(await swept.gateway.readiness()).toEqual({ ready: true, problems: [] });
  });

  test('on a log whose classes are lost is refused with log-corrupt', async () => {
    await swept.register(number());
    await swept.opened.close();
    const classes = join(swept.place.dataDir, 'classes');
    await rename(classes, `${classes}.away`);
    await expect(openAt(swept.place)).rejects.toMatchObject({ reason: 'log-corrupt' });
    await rm(classes, { recursive: true, force: true });
    await rename(`${classes}.away`, classes);
    swept.opened = await openAt(swept.place);
  });
});
