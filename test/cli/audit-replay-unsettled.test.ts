import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { auditReplay } from '../../src/cli/audit-replay.js';
import { unsettledBy, type OtherRuling } from '../../src/gateway/unsettled.js';
import { forged, type Forgery } from '../support/forged-log.js';
import {
  A,
  delegateFor,
  makePlace,
  openAt,
  registration,
  sharedNumber,
  withdrawal,
  type Opened,
  type Place,
} from '../support/open-gateway.js';

const OPERATOR = { domain: 'operator.example', kind: 'operator', class: null, spc: null } as const;
const [forgotten, kept] = [1, 2].map(sharedNumber) as [string, string];

let place: Place;

/** Registered, a withdrawal from before, withdrawn, and the first PASSporT again: two refusals that only the state gives. */
const life = async ({ gateway }: Opened, tn: string): Promise<string[]> => {
  const credential = delegateFor(place, 'a.example', tn);
  const older = withdrawal(place, tn, credential);
  place.clock.advance(1);
  const first = registration(place, tn, { credential });
  const outcomes: string[] = [];
  for (const passport of [first, older]) {
    const submission = await gateway.submit(passport, A);
    outcomes.push(submission.outcome === 'accepted' ? 'accepted' : submission.reason);
  }
  await gateway.withdraw({ sii: `tel:+${tn}`, ssi: 'mimi://a.example/u/alice' }, A);
  const again = await gateway.submit(first, A);
  return [...outcomes, again.outcome === 'accepted' ? 'accepted' : again.reason];
};

beforeAll(async () => {
  place = await makePlace();
  const opened = await openAt(place);
  for (const tn of [forgotten, kept]) expect(await life(opened, tn)).toEqual(['accepted', 'superseded', 'jti-replay']);
  await opened.gateway.erase({ sii: `tel:+${forgotten}`, case: 'GDPR 2026/17' }, OPERATOR);
  await opened.close();
}, 60_000);
afterAll(() => rm(dirname(place.dataDir), { recursive: true, force: true }));

const replay = (directory: string) => auditReplay(directory, {}, place.clock.now());
/** Of the second number: its `superseded` is entry 5. */
const SUPERSEDED = 5;

test('says what the refusals were ruled by that were not ruled on again', async () => {
  const { code, json, words } = await replay(place.dataDir);
  expect({ code, json }).toMatchObject({
    code: 0,
    json: {
      decisions: 8,
      equal: 4,
      erased: 2,
      unsettled: 2,
      differing: 0,
      causes: { 'number-erased': 1, 'passport-erased': 1, 'key-gone': 0 },
    },
  });
  expect(words.split('\n')).toHaveLength(3);
});

// Whatever was erased elsewhere.
test.each<readonly [string, Forgery, string]>([
  ['another reason over a number that nobody erased', { leaf: (leaf) => ({ ...leaf, why: 'mapping-limit' }) }, 'mapping-limit'],
  ['a refusal of a PASSporT that was never accepted', { leaf: (leaf) => ({ ...leaf, why: 'bad-signature' }) }, 'bad-signature'],
])('%s differs', async (_, forgery, said) => {
  const { code, words } = await replay(await forged(place.dataDir, SUPERSEDED, forgery));
  expect(code).toBe(1);
  expect(words).toContain(`entry ${SUPERSEDED} differs at`);
  expect(words).toContain(`the log says ${said}`);
});

const other: OtherRuling = { index: 5, id: 'one', said: 'superseded', got: 'OK', gone: 1 };

test.each<readonly [string, Partial<OtherRuling>, number | null, number, string | null]>([
  ['a number that a later entry erased', {}, 6, 1, 'number-erased'],
  ['a number that an earlier entry erased: its leaf says what was left', {}, 4, 1, null],
  ['a number that nothing erased', {}, null, 1, null],
  ['nothing gone', { gone: 0 }, 6, 1, null],
  ['more keys gone than entries say', { gone: 2 }, null, 1, 'key-gone'],
  ['an acceptance', { said: 'OK', got: 'superseded' }, 6, 1, null],
  ['a PASSporT that nothing remembers', { said: 'jti-replay' }, null, 1, 'passport-erased'],
  ['a PASSporT that is remembered otherwise', { said: 'jti-conflict', got: 'jti-replay' }, null, 1, null],
])('a ruling that comes out otherwise: %s', (_, change, erasedAt, count, cause) => {
  const last = new Map(erasedAt === null ? [] : [['one', erasedAt]]);
  expect(unsettledBy({ ...other, ...change }, { last, count })).toBe(cause);
});
