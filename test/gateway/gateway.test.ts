import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { MemoryMappingStore } from '../../src/adapters/memory/index.js';
import { foldLog, type Submission } from '../../src/gateway/index.js';
import { parseLeaf, verifyReceipt } from '../../src/log/index.js';
import { PARTITIONS } from '../../src/ports/index.js';
import { signPassport } from '../../src/passport/index.js';
import {
  A,
  AUDIENCE,
  AUDITOR,
  B,
  NP1,
  NP2,
  delegateFor,
  makePlace,
  makeWorld,
  openAt,
  registration,
  release,
  sharedNumber,
  sign,
  withdrawal,
  type Opened,
  type Place,
} from '../support/open-gateway.js';

let place: Place;
let opened: Opened;
let next = 0;
let tn: string;

beforeAll(async () => {
  place = await makePlace();
  opened = await openAt(place);
});

afterAll(() => opened.close());

beforeEach(() => {
  tn = sharedNumber((next += 1));
  place.clock.advance(2);
});

const reopen = async (options = {}): Promise<void> => {
  await opened.close();
  opened = await openAt(place, options);
};

const reasonOf = (submission: Submission): string | null => (submission.outcome === 'accepted' ? null : submission.reason);

const ssis = async (number = tn): Promise<string[]> => {
  const [answer] = (await opened.gateway.lookup([{ sii: `tel:+${number}` }], B)).answers;
  return (answer?.mappings ?? []).map(({ ssi }) => ssi);
};

const packedStore = async (): Promise<Map<string, string>> => {
  const all = new Map<string, string>();
  for await (const [id, packed] of opened.store.entries()) all.set(id, Buffer.from(packed).toString('hex'));
  return all;
};

const expectStoreIsFold = async (): Promise<void> => {
  const { wal, vault, keys } = opened.data;
  const folded = await foldLog({ wal, vault, pepper: keys.pepper });
  expect(await packedStore()).toEqual(new Map([...folded].map(([id, packed]) => [id, Buffer.from(packed).toString('hex')])));
};

const accepted = (submission: Submission) => {
  if (submission.outcome !== 'accepted') throw new Error(`refused with ${submission.reason}`);
  return submission;
};

describe('submit', () => {
  test('writes a mapping, answers with a receipt of its leaf, and lookups see it', async () => {
    expect(await ssis()).toEqual([]);
    const { answer, first } = accepted(await opened.gateway.submit(registration(place, tn), A));
    expect(first).toBe(true);
    expect(answer.mapping).toMatchObject({ sii: `tel:+${tn}`, ssi: 'mimi://a.example/u/alice', provider: 'a.example' });
    const { leaf, leafHash } = await opened.gateway.entry(answer.logIndex);
    expect(answer.leafHash).toBe(Buffer.from(leafHash).toString('base64'));
    expect(verifyReceipt(answer.receipt, opened.data.keys.receiptVkey)).toMatchObject({ index: answer.logIndex, time: parseLeaf(leaf).t });
    expect(await ssis()).toEqual(['mimi://a.example/u/alice']);
  });

  test('shows the log index to the AP of the mapping and to auditors alone', async () => {
    const { answer } = accepted(await opened.gateway.submit(registration(place, tn), A));
    const seen = async (client: typeof A) =>
      (await opened.gateway.lookup([{ sii: `tel:+${tn}` }], client)).answers[0]?.mappings[0]?.logIndex;
    expect(await seen(A)).toBe(answer.logIndex);
    expect(await seen(AUDITOR)).toBe(answer.logIndex);
    expect(await seen(B)).toBeUndefined();
  });

  test('gives the same PASSporT of the same client its first answer, after expiry too', async () => {
    const passport = registration(place, tn);
    const { answer } = accepted(await opened.gateway.submit(passport, A));
    expect(accepted(await opened.gateway.submit(passport, A))).toEqual({ outcome: 'accepted', first: false, answer });
    place.clock.advance(700);
    expect(accepted(await opened.gateway.submit(passport, A))).toEqual({ outcome: 'accepted', first: false, answer });
    place.clock.advance(25 * 3600);
    expect(reasonOf(await opened.gateway.submit(passport, A))).toBe('expired-token');
  });

  test('gives the first answer to nobody whose signature differs by a bit', async () => {
    const passport = registration(place, tn);
    accepted(await opened.gateway.submit(passport, A));
    const [header, payload, signature] = passport.split('.') as [string, string, string];
    const octets = Buffer.from(signature, 'base64url');
    octets[10] = (octets[10] as number) ^ 1;
    expect(reasonOf(await opened.gateway.submit(`${header}.${payload}.${octets.toString('base64url')}`, A))).toBe('bad-signature');
  });

  test('takes the twin signature (r, n-s) for the same PASSporT', async () => {
    const passport = registration(place, tn);
    const { answer } = accepted(await opened.gateway.submit(passport, A));
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const [header, payload, signature] = passport.split('.') as [string, string, string];
    const octets = Buffer.from(signature, 'base64url');
    const twin = (order - BigInt(`0x${octets.subarray(32).toString('hex')}`)).toString(16).padStart(64, '0');
    const other = Buffer.concat([octets.subarray(0, 32), Buffer.from(twin, 'hex')]).toString('base64url');
    expect(accepted(await opened.gateway.submit(`${header}.${payload}.${other}`, A)).answer).toEqual(answer);
  });

  test('refuses a PASSporT that another AP presents with ap-mismatch, and leaves no trace in the map', async () => {
    const submission = await opened.gateway.submit(registration(place, tn), B);
    expect(reasonOf(submission)).toBe('ap-mismatch');
    expect(await ssis()).toEqual([]);
    const { leaf } = await opened.gateway.entry(submission.outcome === 'refused' ? (submission.logIndex ?? -1) : -1);
    expect(parseLeaf(leaf)).toMatchObject({ k: 'reject', why: 'ap-mismatch', ap: 'b.example' });
  });

  test('refuses a replay after withdrawal with jti-replay', async () => {
    const credential = delegateFor(place, 'a.example', tn);
    const passport = registration(place, tn, { credential });
    accepted(await opened.gateway.submit(passport, A));
    place.clock.advance(1);
    accepted(await opened.gateway.submit(withdrawal(place, tn, credential), A));
    expect(await ssis()).toEqual([]);
    expect(reasonOf(await opened.gateway.submit(passport, A))).toBe('jti-replay');
    expect(await ssis()).toEqual([]);
  });

  test('refuses another PASSporT under a spent jti with jti-conflict', async () => {
    const credential = delegateFor(place, 'a.example', tn);
    const passport = registration(place, tn, { credential });
    accepted(await opened.gateway.submit(passport, A));
    const claims = JSON.parse(Buffer.from(passport.split('.')[1] as string, 'base64url').toString()) as Record<string, unknown>;
    const other = { ...claims, dest: { uri: ['mimi://a.example/u/mallory'] } };
    const conflicting = signPassport({ claims: other, key: credential.key.privateKey, x5c: credential.path });
    expect(reasonOf(await opened.gateway.submit(conflicting, A))).toBe('jti-conflict');
    expect(await ssis()).toEqual(['mimi://a.example/u/alice']);
  });

  test('refuses a registration older than the last accepted with superseded', async () => {
    const credential = delegateFor(place, 'a.example', tn);
    const older = registration(place, tn, { credential, user: 'old' });
    place.clock.advance(5);
    accepted(await opened.gateway.submit(registration(place, tn, { credential, user: 'new' }), A));
    expect(reasonOf(await opened.gateway.submit(older, A))).toBe('superseded');
    expect(await ssis()).toEqual(['mimi://a.example/u/new']);
  });

  test('lets a release remove everything, and a credential from before it write nothing', async () => {
    const credential = delegateFor(place, 'a.example', tn);
    accepted(await opened.gateway.submit(registration(place, tn, { credential }), A));
    place.clock.advance(10);
    accepted(await opened.gateway.submit(release(place, tn), NP1));
    expect(await ssis()).toEqual([]);
    place.clock.advance(10);
    expect(reasonOf(await opened.gateway.submit(registration(place, tn, { credential }), A))).toBe('credential-predates-assignment');
    accepted(await opened.gateway.submit(registration(place, tn), A));
    expect(await ssis()).toEqual(['mimi://a.example/u/alice']);
  });

  test('takes a release from the principal with the SPC alone', async () => {
    const passport = release(place, tn);
    expect(reasonOf(await opened.gateway.submit(passport, A))).toBe('ap-mismatch');
    expect(reasonOf(await opened.gateway.submit(passport, NP2))).toBe('ap-mismatch');
    accepted(await opened.gateway.submit(passport, NP1));
  });

  test('moves the default by a preference of the number provider, and keeps it over a start', async () => {
    accepted(await opened.gateway.submit(registration(place, tn), A));
    accepted(await opened.gateway.submit(registration(place, tn, { provider: 'b.example', user: 'bob' }), B));
    const chosen = async (): Promise<string[]> => {
      const [answer] = (await opened.gateway.lookup([{ sii: `tel:+${tn}` }], AUDITOR)).answers;
      return (answer?.mappings ?? []).filter((mapping) => mapping.default).map(({ ssi }) => ssi);
    };
    expect(await chosen()).toEqual(['mimi://a.example/u/alice']);
    const wish = (preference: Record<string, string>) =>
      sign(place, place.pki.hierarchy.npCredential('709J'), {
        action: 'prefer',
        audience: AUDIENCE,
        sii: `tel:+${tn}`,
        lifetime: 600,
        ssi: 'mimi://a.example/u/alice',
        provider: 'a.example',
        consent: 'operator',
        preference,
      });
    expect(reasonOf(await opened.gateway.submit(wish({ default: 'c.example' }), A))).toBe('preference-without-mapping');
    const passport = wish({ default: 'b.example' });
    expect(reasonOf(await opened.gateway.submit(passport, B))).toBe('ap-mismatch');
    const { answer, first } = accepted(await opened.gateway.submit(passport, A));
    expect({ action: answer.action, mapping: answer.mapping, first }).toEqual({ action: 'prefer', mapping: undefined, first: true });
    expect(await chosen()).toEqual(['mimi://b.example/u/bob']);
    expect(accepted(await opened.gateway.submit(passport, A))).toEqual({ outcome: 'accepted', first: false, answer });
    await reopen();
    expect(await chosen()).toEqual(['mimi://b.example/u/bob']);
    await expectStoreIsFold();
    expect(accepted(await opened.gateway.submit(passport, A)).first).toBe(false);
  });

  test("logs a refusal whose signer's dNSName is no domain, and names in the leaf what is one", async () => {
    const signed = (name: string) =>
      sign(place, place.pki.hierarchy.ep(name), { action: 'release', audience: AUDIENCE, sii: 'mailto:bob@mail.example', lifetime: 600 });
    const client = { domain: 'mail.example', kind: 'ep', class: null, spc: null } as const;
    for (const name of ['mail_.example', 'Mail.Example', 'other.example']) {
      const submission = await opened.gateway.submit(signed(name), client);
      expect(reasonOf(submission)).toBe('email-out-of-scope');
      const { leaf } = await opened.gateway.entry(submission.outcome === 'refused' ? (submission.logIndex ?? -1) : -1);
      expect(parseLeaf(leaf)).toMatchObject({ why: 'email-out-of-scope', np: { dom: name === 'other.example' ? name : null } });
    }
    const { answer } = accepted(await opened.gateway.submit(signed('mail.example'), client));
    expect(parseLeaf((await opened.gateway.entry(answer.logIndex)).leaf).np?.dom).toBe('mail.example');
  });

  test('gives 200 copies at once one leaf and one answer', async () => {
    const size = opened.gateway.logSize;
    const passport = registration(place, tn);
    const all = await Promise.all(Array.from({ length: 200 }, () => opened.gateway.submit(passport, A)));
    expect(all.filter((submission) => accepted(submission).first)).toHaveLength(1);
    expect(new Set(all.map((submission) => JSON.stringify(accepted(submission).answer))).size).toBe(1);
    expect(opened.gateway.logSize).toBe(size + 1);
  });

  test('decides in the order of submission, whichever signature was verified first', async () => {
    const credential = delegateFor(place, 'a.example', tn);
    const passports = Array.from({ length: 64 }, (_, i) => {
      place.clock.advance(1);
      return i % 2 === 0 ? registration(place, tn, { credential }) : withdrawal(place, tn, credential);
    });
    const all = await Promise.all(passports.map((passport) => opened.gateway.submit(passport, A)));
    expect(all.map(reasonOf)).toEqual(passports.map(() => null));
    expect(all.map((submission) => accepted(submission).answer.logIndex)).toEqual(
      passports.map((_, i) => accepted(all[0] as Submission).answer.logIndex + i),
    );
    expect(await ssis()).toEqual([]);
  });

  test('judges again what was judged under a world that moved before the commit', async () => {
    const before = await makeWorld(place);
    const credential = delegateFor(place, 'a.example', tn);
    place.pki.hierarchy.revoke(credential.path[0] as Buffer, place.pki.hierarchy.authority('np-709J'), 'keyCompromise');
    place.clock.advance(1);
    place.pki.publishRevocations();
    const after = await makeWorld(place);
    opened.gateway.setWorld(before);
    const passport = registration(place, tn, { credential });
    const pending = opened.gateway.submit(passport, A);
    opened.gateway.setWorld(after);
    expect(reasonOf(await pending)).toBe('cert-revoked');
    expect(await ssis()).toEqual([]);
    accepted(await opened.gateway.submit(registration(place, tn), A));
  });
});

describe('what is off about a path', () => {
  test('comes with the answer, for the metric, and is absent where there is nothing', async () => {
    const credential = place.pki.hierarchy.shakenCredential('709J');
    const clean = await opened.gateway.submit(registration(place, tn), A);
    expect(clean).toMatchObject({ outcome: 'accepted' });
    expect(clean).not.toHaveProperty('findings');
    place.clock.advance(1);
    const withSpc = registration(place, tn, { user: 'bob', credential });
    expect(await opened.gateway.submit(withSpc, A)).toMatchObject({
      outcome: 'accepted',
      findings: ['no-crl-issuer', 'ca-key-usage-v005'],
    });
    const toAnother = registration(place, tn, { provider: 'b.example', credential });
    expect(await opened.gateway.submit(toAnother, A)).toMatchObject({
      reason: 'ap-mismatch',
      findings: ['no-crl-issuer', 'ca-key-usage-v005'],
    });
  });
});

describe('withdraw by connection', () => {
  test('gives up the own mapping, and again when there is none', async () => {
    accepted(await opened.gateway.submit(registration(place, tn), A));
    const request = { sii: `tel:+${tn}`, ssi: 'mimi://a.example/u/alice' };
    const { logIndex } = await opened.gateway.withdraw(request, A);
    expect(await ssis()).toEqual([]);
    expect((await opened.gateway.withdraw(request, A)).logIndex).toBe(logIndex + 1);
  });

  test("refuses another AP's mapping with ap-mismatch", async () => {
    accepted(await opened.gateway.submit(registration(place, tn), A));
    await expect(opened.gateway.withdraw({ sii: `tel:+${tn}`, ssi: 'mimi://a.example/u/alice' }, B)).rejects.toMatchObject({
      reason: 'ap-mismatch',
    });
    expect(await ssis()).toEqual(['mimi://a.example/u/alice']);
  });
});

describe('the projection', () => {
  test('is the fold of the log', async () => {
    await expectStoreIsFold();
  });

  test('is rebuilt when the store was emptied under the running gateway', async () => {
    accepted(await opened.gateway.submit(registration(place, tn), A));
    await opened.store.reset(
      1,
      Array.from({ length: PARTITIONS }, (_, p) => p),
    );
    expect(await ssis()).toEqual(['mimi://a.example/u/alice']);
    await expectStoreIsFold();
  });

  test('survives a restart from the WAL alone, and from a snapshot taken before later commits', async () => {
    const passport = registration(place, tn);
    const { answer } = accepted(await opened.gateway.submit(passport, A));
    const before = await packedStore();
    await reopen();
    expect(await packedStore()).toEqual(before);
    expect(accepted(await opened.gateway.submit(passport, A))).toEqual({ outcome: 'accepted', first: false, answer });
    await opened.gateway.snapshot();
    const later = sharedNumber((next += 1));
    const second = registration(place, later);
    accepted(await opened.gateway.submit(second, A));
    const after = await packedStore();
    await reopen();
    expect(await packedStore()).toEqual(after);
    expect(accepted(await opened.gateway.submit(second, A)).first).toBe(false);
    expect(accepted(await opened.gateway.submit(passport, A)).answer).toEqual(answer);
  });

  test('refuses to start under a store that is ahead of the log with log-corrupt', async () => {
    const store = new MemoryMappingStore();
    await store.apply(1, [{ partition: 7, previous: 0, position: 1_000_000, puts: [] }]);
    await opened.close();
    await expect(openAt(place, { store, storeIsVolatile: false })).rejects.toMatchObject({ reason: 'log-corrupt' });
    opened = await openAt(place);
    await expectStoreIsFold();
  });
});

describe('what cannot be decided', () => {
  test('an append that fails is log-unavailable for good, and a restart has lost nothing that was answered', async () => {
    const kept = registration(place, tn);
    accepted(await opened.gateway.submit(kept, A));
    const append = opened.data.wal.append.bind(opened.data.wal);
    opened.data.wal.append = () => Promise.reject(new Error('no space left on device'));
    const lost = sharedNumber((next += 1));
    await expect(opened.gateway.submit(registration(place, lost), A)).rejects.toMatchObject({ reason: 'log-unavailable' });
    opened.data.wal.append = append;
    await expect(opened.gateway.submit(registration(place, lost), A)).rejects.toMatchObject({ reason: 'log-unavailable' });
    expect(await opened.gateway.readiness()).toMatchObject({ ready: false });
    await reopen();
    expect(await ssis()).toEqual(['mimi://a.example/u/alice']);
    expect(await ssis(lost)).toEqual([]);
    expect(await opened.gateway.readiness()).toMatchObject({ ready: true });
  });

  test('a store that fails after the commit answers store-unavailable, and the retry gets the first answer', async () => {
    const apply = opened.store.apply.bind(opened.store);
    opened.store.apply = () => Promise.reject(new Error('connection reset'));
    const passport = registration(place, tn);
    await expect(opened.gateway.submit(passport, A)).rejects.toThrow();
    opened.store.apply = apply;
    expect(accepted(await opened.gateway.submit(passport, A)).first).toBe(false);
    expect(await ssis()).toEqual(['mimi://a.example/u/alice']);
    await expectStoreIsFold();
  });

  test('a clock that steps back never gives a leaf an earlier time', async () => {
    accepted(await opened.gateway.submit(registration(place, tn), A));
    const later = registration(place, sharedNumber((next += 1)));
    place.clock.advance(20);
    accepted(await opened.gateway.submit(registration(place, sharedNumber((next += 1))), A));
    place.clock.advance(-20);
    const { answer } = accepted(await opened.gateway.submit(later, A));
    place.clock.advance(20);
    const times = [];
    for (let index = 0; index <= answer.logIndex; index += 1) times.push(parseLeaf((await opened.gateway.entry(index)).leaf).t);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });
});

describe('privacy', () => {
  test('no leaf and no packed subject holds a number', async () => {
    accepted(await opened.gateway.submit(registration(place, tn), A));
    for (let index = 0; index < opened.gateway.logSize; index += 1) {
      const { leaf } = await opened.gateway.entry(index);
      expect(Buffer.from(leaf).toString('latin1')).not.toContain(tn);
      expect(Buffer.from(leaf).toString('latin1')).not.toContain(createHash('sha256').update(`tel:+${tn}`).digest('base64url'));
    }
    for (const packed of (await packedStore()).values()) expect(Buffer.from(packed, 'hex').toString('latin1')).not.toContain(tn);
  });
});
