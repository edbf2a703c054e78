import { createHash } from 'node:crypto';
import { beforeEach, expect, test } from '@jest/globals';
import { MemoryMappingStore } from '../../src/adapters/memory/index.js';
import { CredentialBook, credentialId } from '../../src/gateway/credential-book.js';
import { CredentialClasses } from '../../src/gateway/credential-classes.js';
import { Invalidation, type InvalidationParts } from '../../src/gateway/invalidate.js';
import { partitionOf } from '../../src/ports/index.js';
import { emptySubject, packSubject, type Mapping } from '../../src/registry/index.js';
import { Verifier, type CredentialOrigin } from '../../src/verification/index.js';
import { MemoryClasses } from '../support/memory-classes.js';
import { NOW, fitting } from '../support/misfits/index.js';
import { caseOf } from '../support/passport-bench.js';
import { QUOTA } from '../support/open-gateway.js';

/** What the book may grow to, beyond twice what was needed, before the store is walked for it. */
const LEAST = 10_000;

const { input, material } = caseOf({ scene: fitting.enterprise() });
const verifier = new Verifier(material);
const verdict = verifier.verify(input);
if (!verdict.accepted) throw new Error(verdict.reason);
const origin: CredentialOrigin = verdict.verified.origin;

const digestOf = (n: number): Buffer => createHash('sha256').update(String(n)).digest();
const serialOf = (n: number): Buffer => {
  const serial = Buffer.alloc(5, 0x11);
  serial.writeUInt32BE(n, 1);
  return serial;
};
const mappingOf = (n: number): Mapping => ({
  provider: 'a.example',
  user: 'alice',
  purpose: 'consumer',
  kind: 'user',
  circle: null,
  firstIndex: n,
  leafIndex: n,
  expires: NOW + 1000,
  attest: false,
  credential: digestOf(n).subarray(0, 16).toString('hex'),
  authority: '709J',
  operator: null,
});

let book: CredentialBook;
let classes: CredentialClasses;
let store: MemoryMappingStore;
let walks: number;
let during: () => void;
let repairs: number;
let invalidation: Invalidation;

const registered = (n: number, scope = '1'): void =>
  book.put(credentialId(digestOf(n)), { class: classes.numberOf({ ...origin.class, scope }), serial: serialOf(n) });
const isKnown = (n: number): boolean => book.get(credentialId(digestOf(n))).length > 0;
/** Has the store name the credential. */
const named = async (n: number): Promise<void> => {
  const id = digestOf(n).subarray(0, 16).toString('latin1');
  const partition = partitionOf(id);
  const packed = packSubject({ ...emptySubject(0), leafIndex: n, mappings: [mappingOf(n)] });
  const previous = (await store.positions())[partition] ?? 0;
  await store.apply(1, [{ partition, previous, position: previous + 1, puts: [{ id, packed }] }]);
};
const sweep = async (): Promise<void> => {
  invalidation.request();
  await invalidation.idle();
};

beforeEach(async () => {
  [walks, repairs, during] = [0, 0, () => undefined];
  book = new CredentialBook();
  classes = await CredentialClasses.load(new MemoryClasses());
  store = new MemoryMappingStore();
  const entries = store.entries.bind(store);
  store.entries = async function* () {
    walks += 1;
    yield* entries();
    during();
  };
  const never = (): never => {
    throw new Error('nothing fell');
  };
  const sequencer: InvalidationParts['sequencer'] = {
    level: () => Promise.resolve(),
    get repairs() {
      return repairs;
    },
    exclusively: (work) => work(),
    revoke: never,
  };
  const world = {
    verifier,
    mappingLifetime: 1,
    attestGrace: 1,
    ports: { pairing: 1, grace: 1 },
    lookup: { ttl: 1, negativeTtl: 1, signed: false, views: 'all' as const },
    quota: QUOTA,
    ocspSeconds: 60,
    openingsPerDay: 100,
    rejects: { perSecond: 50, burst: 1000 },
    refusalRetentionDays: 1,
  };
  const clock = { now: () => NOW * 1000, monotonic: () => 0 };
  const untouched = { get: never, read: never } as unknown as InvalidationParts['wal'] & InvalidationParts['vault'];
  invalidation = new Invalidation({ world: () => world, store, wal: untouched, vault: untouched, book, classes, sequencer, clock });
  invalidation.start();
});

test('the book forgets what no mapping names, and its classes, once it is worth a walk, and not before', async () => {
  for (let n = 0; n < LEAST; n += 1) registered(n);
  registered(0, '44');
  await named(7);
  await sweep();
  expect([walks, book.size]).toEqual([0, LEAST]);
  registered(LEAST, '33');
  await named(LEAST);
  await sweep();
  expect([walks, book.size, book.pruned, isKnown(7), isKnown(8), isKnown(LEAST)]).toEqual([1, 2, 2, true, false, true]);
  // Of the three classes the one that nothing names any more is gone.
  expect(classes.size).toBe(2);
  expect(invalidation.state).toEqual({ pending: false, problem: null, unknown: 0, mappings: [] });
});

test('the classes of few credentials are worth a walk too', async () => {
  for (let n = 0; n < LEAST; n += 1) registered(n % 200, String(n));
  await sweep();
  expect([walks, book.size, classes.size]).toEqual([0, 200, LEAST]);
  registered(200, 'kept');
  await named(200);
  await sweep();
  expect([walks, book.size, classes.size]).toEqual([1, 1, 1]);
});

test('what registers while the store is walked stays', async () => {
  for (let n = 0; n <= LEAST; n += 1) registered(n);
  during = () => registered(LEAST + 1, '55');
  await sweep();
  expect([walks, book.size, isKnown(LEAST + 1), classes.size]).toEqual([1, 1, true, 1]);
});

test('a walk over a store that was repaired meanwhile forgets nothing, and is made again', async () => {
  for (let n = 0; n <= LEAST; n += 1) registered(n);
  const sizes: number[] = [];
  during = () => {
    sizes.push(book.size);
    repairs = 1;
  };
  await sweep();
  expect([walks, sizes, book.size]).toEqual([2, [LEAST + 1, LEAST + 1], 0]);
});

test('a store that names what the log does not know forgets nothing', async () => {
  for (let n = 0; n <= LEAST; n += 1) registered(n);
  await named(LEAST + 5);
  await sweep();
  expect([walks, book.size, invalidation.state.unknown]).toEqual([1, LEAST + 1, 1]);
});
