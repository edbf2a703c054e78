import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { OpeningLimitReached } from '../../src/gateway/index.js';
import {
  commitCase,
  commitFingerprint,
  commitMapping,
  commitSii,
  digestOfPlaces,
  commitList,
  packPlaces,
  parseLeaf,
  verifyOpening,
} from '../../src/log/index.js';
import { A, AUDITOR, NP1, makePlace, makeWorld, registration, release, sharedNumber, type Place } from '../support/open-gateway.js';
import { reasonOfPromise } from '../support/reasons.js';
import { SweptGateway } from '../support/swept-gateway.js';

const OPERATOR = { domain: 'operator.example', kind: 'operator', class: null, spc: null } as const;
const SECOND = { ...AUDITOR, domain: 'second.example' };
const CASE = 'POL-2026/17';
const tn = sharedNumber(1);
const DAY = 86_400;

let base: Place;
let place: Place;
let swept: SweptGateway;

beforeAll(async () => {
  base = await makePlace();
});

beforeEach(async () => {
  place = { ...base, dataDir: join(await mkdtemp(join(tmpdir(), 'signpost-opened-')), 'data') };
  swept = await SweptGateway.open(place);
  place.clock.advance(1);
});

afterEach(async () => {
  await swept.close();
  await rm(dirname(place.dataDir), { recursive: true, force: true });
});

const open = (index: number, caseId = CASE, client: typeof AUDITOR | typeof OPERATOR = AUDITOR) =>
  swept.gateway.open(index, caseId, client);
const leafOf = async (index: number) => parseLeaf((await swept.gateway.entry(index)).leaf);
const secretOf = ({ opening }: { readonly opening: string }): Buffer => Buffer.from(opening, 'base64url');

describe('an opening', () => {
  test('of an accepted entry gives what its commitments are of, and is an entry of its own', async () => {
    const credential = await swept.register(tn);
    const opened = await open(0);
    expect(opened).toMatchObject({
      kind: 'accept',
      index: 0,
      logIndex: 1,
      sii: `tel:+${tn}`,
      ssi: 'mimi://a.example/u/alice',
      provider: 'a.example',
    });
    if (opened.kind !== 'accept') throw new Error('another kind');
    const { sii, map, np } = await leafOf(0);
    const secret = secretOf(opened);
    expect([sii, map]).toEqual([commitSii(secret, opened.sii ?? ''), commitMapping(secret, opened.ssi ?? '', opened.provider ?? '')]);
    expect(opened.evidence?.passport).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(verifyOpening(await leafOf(0), opened)).toBe(true);
    expect(opened.fingerprints).toHaveLength(credential.path.length + 1);
    expect(np?.ee).toBe(`*${commitFingerprint(secret, Buffer.from(opened.fingerprints[0] ?? '', 'base64url'))}`);
    const { k, ap, opened: said } = await leafOf(1);
    const second = await open(1, 'another', OPERATOR);
    expect(second).toMatchObject({ kind: 'open', index: 1, logIndex: 2, case: CASE });
    expect([k, ap, said]).toEqual(['open', AUDITOR.domain, { ref: '0', case: commitCase(secretOf(second), CASE) }]);
    await swept.expectWhole();
  });

  test('of a release gives an SII alone, and of a withdrawal by connection no signer', async () => {
    await swept.register(tn);
    expect((await swept.submit(release(place, tn), NP1)).outcome).toBe('accepted');
    await swept.gateway.withdraw({ sii: `tel:+${tn}`, ssi: 'mimi://a.example/u/alice' }, A);
    expect(await open(1)).toMatchObject({ sii: `tel:+${tn}`, ssi: null, provider: null });
    expect(await open(2)).toMatchObject({ sii: `tel:+${tn}`, ssi: 'mimi://a.example/u/alice', provider: 'a.example', fingerprints: [] });
  });

  test('of a refusal holds while the key of its day lives', async () => {
    const refused = await swept.submit(registration(place, tn, { provider: 'b.example' }), A);
    expect(refused).toMatchObject({ outcome: 'refused', logIndex: 0 });
    const opened = await open(0);
    expect(opened).toMatchObject({ kind: 'reject', sii: `tel:+${tn}`, ssi: 'mimi://b.example/u/alice', provider: null });
    const { sii, map } = await leafOf(0);
    const secret = secretOf(opened);
    expect([sii, map]).toEqual([commitSii(secret, `tel:+${tn}`), commitMapping(secret, 'mimi://b.example/u/alice', '')]);
    place.clock.advance(92 * DAY);
    expect(await reasonOfPromise(() => open(0))).toBe('evidence-expired');
    expect(swept.gateway.logSize).toBe(2);
  });

  test('of a sweep gives its list', async () => {
    await swept.register(tn);
    place.clock.advance(31 * DAY);
    swept.gateway.setWorld(await makeWorld(place));
    expect(await swept.gateway.expireMappings()).toBe(1);
    const opened = await open(1);
    if (opened.kind !== 'expire') throw new Error('another kind');
    expect(opened.list).toMatchObject([{ logIndex: 0 }]);
    const packed = packPlaces(
      opened.list.map(({ logIndex: index, subject }) => ({ index, id: Buffer.from(subject, 'base64url').toString('latin1') })),
    );
    expect((await leafOf(1)).fell?.list).toBe(commitList(secretOf(opened), digestOfPlaces(packed)));
  });

  test('that is refused leaves no entry', async () => {
    await swept.register(tn);
    for (const bad of ['', 'x'.repeat(65), 'naïve', 'line\nfeed']) expect(await reasonOfPromise(() => open(0, bad))).toBe('case-id');
    expect(await reasonOfPromise(() => open(0, CASE, OPERATOR))).toBe('client-not-allowed');
    expect(await reasonOfPromise(() => open(1))).toBe('not-found');
    await swept.gateway.erase({ sii: `tel:+${tn}`, case: CASE }, OPERATOR);
    expect(await reasonOfPromise(() => open(0))).toBe('entry-erased');
    expect(swept.gateway.logSize).toBe(2);
    expect(await open(1, 'x'.repeat(64), OPERATOR)).toMatchObject({ kind: 'erase', case: CASE, logIndex: 2 });
  });

  test('is not given of what is erased in the same batch', async () => {
    await swept.register(tn);
    const erased = swept.gateway.erase({ sii: `tel:+${tn}`, case: CASE }, OPERATOR);
    const opened = reasonOfPromise(() => open(0));
    expect([(await erased).erased, await opened]).toEqual([true, 'entry-erased']);
  });

  test('is given so often a day to each, and again on the next', async () => {
    swept.gateway.setWorld({ ...(await makeWorld(place)), openingsPerDay: 2 });
    await swept.register(tn);
    for (const _ of [1, 2]) await open(0);
    const refusal: unknown = await open(0).catch((error: unknown) => error);
    if (!(refusal instanceof OpeningLimitReached)) throw new Error('it was given');
    expect([refusal.reason, refusal.retryAfter > 0 && refusal.retryAfter <= DAY]).toEqual(['opening-limit', true]);
    expect(await reasonOfPromise(() => open(0, CASE, SECOND))).toBeNull();
    place.clock.advance(refusal.retryAfter);
    expect(await reasonOfPromise(() => open(0))).toBeNull();
  });
});
