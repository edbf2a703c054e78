import { describe, expect, test } from '@jest/globals';
import { matchesLeaf, nameInLeaf, parseLeafFilter, type FilterTexts, type LeafFields } from '../../src/log/index.js';
import { testLeaf } from '../support/log-fixtures.js';
import { reasonOf } from '../support/reasons.js';

const leaf = testLeaf(5);
const mail = testLeaf(6, { np: { spc: null, dom: 'mail.example', iss: [], ee: leaf.pol } });
const refused = testLeaf(7, { k: 'reject', why: 'tn-out-of-scope', act: 'port' });

const LONG = `${'a'.repeat(60)}.${'b'.repeat(60)}.example`;
const at = (ms: number): string => new Date(ms).toISOString();

/** A filter, a leaf that fits it, and one that does not. */
const TWINS: readonly (readonly [string, FilterTexts, LeafFields, LeafFields])[] = [
  ['verdict accepted', { verdict: 'accepted' }, leaf, refused],
  ['verdict refused', { verdict: 'refused' }, refused, leaf],
  ['kind', { kind: 'reject' }, refused, leaf],
  ['provider that is the client', { provider: 'a.example' }, leaf, testLeaf(5, { ap: 'b.example' })],
  ['provider that signed', { provider: 'mail.example' }, mail, leaf],
  ['provider with a long name', { provider: LONG }, testLeaf(5, { ap: nameInLeaf(LONG) }), leaf],
  ['provider as a leaf spells it', { provider: nameInLeaf(LONG) }, testLeaf(5, { ap: nameInLeaf(LONG) }), leaf],
  ['SPC', { spc: '709J' }, leaf, mail],
  ['reason', { reason: 'tn-out-of-scope' }, refused, leaf],
  ['reason OK', { reason: 'OK' }, leaf, refused],
  ['action', { action: 'port' }, refused, leaf],
  ['since', { since: at(leaf.t) }, leaf, testLeaf(4)],
  ['until', { until: at(leaf.t) }, testLeaf(4), leaf],
  ['PASSporT', { tok: leaf.tok ?? '' }, leaf, mail],
  ['two, of which both fit', { spc: '709J', provider: 'a.example' }, leaf, mail],
];

describe('a filter', () => {
  test.each(TWINS)('by %s takes the leaf that fits, and not its twin', (_name, texts, fits, other) => {
    const filter = parseLeafFilter(texts);
    expect([matchesLeaf(filter, fits), matchesLeaf(filter, other)]).toEqual([true, false]);
  });

  test('without members takes every leaf', () => {
    expect([leaf, mail, refused].every((one) => matchesLeaf(parseLeafFilter({}), one))).toBe(true);
  });

  test('takes a day for its midnight', () => {
    expect(parseLeafFilter({ since: '2026-11-24' })).toEqual({ since: Date.UTC(2026, 10, 24) });
  });
});

describe('a filter that is none', () => {
  const bad: readonly (readonly [FilterTexts, FilterTexts])[] = [
    [{ verdict: 'maybe' }, { verdict: 'refused' }],
    [{ kind: 'accepted' }, { kind: 'accept' }],
    [{ provider: 'A.example' }, { provider: 'a.example' }],
    [{ provider: '' }, { provider: 'a' }],
    [{ provider: "'><script>" }, { provider: 'script.example' }],
    [{ spc: '709j' }, { spc: '709J' }],
    [{ reason: 'no-such-code' }, { reason: 'jti-replay' }],
    [{ reason: 'constructor' }, { reason: 'OK' }],
    [{ action: 'Register' }, { action: 'register' }],
    [{ since: '2026-02-30' }, { since: '2026-02-28' }],
    [{ since: '2026-11-24T25:00:00Z' }, { since: '2026-11-24T23:00:00Z' }],
    [{ until: '2026-11-24T12:00:00' }, { until: '2026-11-24T12:00:00Z' }],
    [{ until: 'yesterday' }, { until: '2026-11-23' }],
    [{ tok: 'a'.repeat(42) }, { tok: `${'a'.repeat(42)}A` }],
  ];
  test.each(bad)('%j is refused, and its twin %j is not', (texts, twin) => {
    expect(reasonOf(() => parseLeafFilter(texts))).toBe('malformed-request');
    expect(parseLeafFilter(twin)).toBeDefined();
  });
});
