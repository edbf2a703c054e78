import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { REASONS } from '../../src/reasons/index.js';
import { PassportLines } from '../../src/verification/index.js';
import { NOW, fitting, lineOf } from '../support/misfits/index.js';
import { instant } from '../support/misfits/scene.js';
import { AUTHORIZER, POLICY, ROOT, caseOf } from '../support/passport-bench.js';

type Line = Record<string, unknown>;
const LINE_ROW = { spc: fitting.SPC, start: '12025550000', count: 1000 };
const base64 = (ders: readonly Uint8Array[]): string[] => ders.map((der) => Buffer.from(der).toString('base64'));

const DELEGATE = lineOf('line', fitting.delegate());

const FITTING: Line = {
  id: 'one',
  passport: caseOf({ line: DELEGATE }).input.passport,
  anchors: { delegate: base64(DELEGATE.anchors) },
  crls: base64(DELEGATE.crls),
  numbering: [LINE_ROW],
  audience: 'dp.example',
  client: fitting.PROVIDER,
  at: instant(NOW),
};

/** A line that is accepted, but for what is changed. */
const lineWith = (change: Line = {}): Line => ({ ...FITTING, ...change });

const lines = new PassportLines({ policy: POLICY, authorizer: AUTHORIZER });
const ask = (line: unknown) => lines.verify(line);
const reasonOf = (line: unknown): string => {
  const { accepted, reason } = ask(line);
  return accepted ? 'accepted' : String(reason);
};

describe('a line of verify passport', () => {
  test('is answered with every step of what is accepted, and the refusing step last', () => {
    const answer = ask(lineWith());
    expect(answer).toMatchObject({ id: 'one', accepted: true, reason: null });
    expect(answer.steps?.map(({ step }) => step)).toContain('authorize');
    const refused = ask(lineWith({ client: 'b.example' }));
    expect(refused.steps?.at(-1)).toMatchObject({ step: 'check-presenter', clause: 'RFC 8224 section 6.2' });
  });

  test.each([
    ['octets in place of base64', { anchors: { delegate: DELEGATE.anchors } }],
    ['chain null', { chain: null }],
    ['a chain that is the path', { chain: base64(DELEGATE.path) }],
    ['an offset and a fraction', { at: '2026-11-24T01:00:00.999+01:00' }],
    ['a scope with the calling code', { scopes: { delegate: ['49', '1'] } }],
    ['no CRLs and revocation off', { crls: undefined, revocation: 'off' }],
    ['no CRLs and revocation when-named', { crls: [], revocation: 'when-named' }],
  ])('is accepted with %s', (_, change) => {
    const line = lineWith(change);
    if (line['crls'] === undefined) delete line['crls'];
    expect(reasonOf(line)).toBe('accepted');
  });

  test.each([
    ['an empty scope', { scopes: { delegate: [] } }, 'anchor-out-of-scope'],
    ['another calling code', { scopes: { delegate: ['49'] } }, 'anchor-out-of-scope'],
    ['anchors of another profile', { anchors: { shaken: base64(DELEGATE.anchors) } }, 'profile-violation'],
    ['its anchors for CRLs alone', { anchors: { crl: base64(DELEGATE.anchors) } }, 'untrusted-chain'],
    ['no numbering', { numbering: [] }, 'spc-unknown'],
    ['no CRLs', { crls: [] }, 'no-status-source'],
    ['another audience', { audience: 'dp2.example' }, 'aud-mismatch'],
    ['an empty PASSporT', { passport: '' }, 'token-required'],
    ['an anchor that is no certificate', { anchors: { delegate: ['AAAA'] } }, 'malformed-cert'],
  ])('is refused with %s', (_, change, reason) => {
    expect(reasonOf(lineWith(change))).toBe(reason);
  });

  test.each([
    ['id', 5],
    ['passport', null],
    ['passport', undefined],
    ['chain', 'text'],
    ['chain', ['%']],
    ['anchors', null],
    ['anchors', []],
    ['anchors', { other: [] }],
    ['anchors', { delegate: null }],
    ['crls', null],
    ['crlSigners', 'AAAA'],
    ['numbering', null],
    ['numbering', undefined],
    ['numbering', [{ spc: '709J', start: 12025550000, count: 1 }]],
    ['numbering', [{ spc: '709J', start: '12025550000', count: 0 }]],
    ['numbering', [{ spc: '709J', start: '12025550000', count: 1.5 }]],
    ['numbering', [{ start: '12025550000', count: 1 }]],
    ['scopes', null],
    ['scopes', { delegate: 'any' }],
    ['scopes', { delegate: [1] }],
    ['audience', 5],
    ['client', null],
    ['client', undefined],
    ['at', '2026-11-24'],
    ['at', NOW],
    ['revocation', null],
    ['revocation', 'never'],
  ])('with %s %j is malformed', (name, value) => {
    const line = lineWith({ [name]: value });
    if (value === undefined) delete line[name];
    expect(reasonOf(lineWith())).toBe('accepted');
    expect(ask(line)).toEqual({ id: name === 'id' ? null : 'one', accepted: false, reason: 'malformed-request' });
  });

  test('may have ten thousand rows of numbering', () => {
    const rows = (count: number): object[] =>
      Array.from({ length: count }, (_, i) => (i === 0 ? LINE_ROW : { spc: '505X', start: '13035550000', count: 1000 }));
    expect(reasonOf(lineWith({ numbering: rows(10_000) }))).toBe('accepted');
    expect(reasonOf(lineWith({ numbering: rows(10_001) }))).toBe('malformed-request');
  });

  test('never throws and never accepts, whatever the value', () => {
    fc.assert(fc.property(fc.anything(), (value) => expect(ask(value).accepted).toBe(false)));
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(lineWith())), fc.anything(), (name, value) => {
        expect(Object.keys(REASONS).filter((reason) => reason !== 'internal-error')).toContain(
          ask(lineWith({ client: 'b.example', [name]: value })).reason,
        );
      }),
      { numRuns: 200 },
    );
  });
});

const signpost = (argv: string[], input = '') =>
  spawnSync(process.execPath, [join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.js'), ...argv], {
    input,
    encoding: 'utf8',
    cwd: ROOT,
  });

describe('the command', () => {
  test('answers one line a line, in order, whatever the input', () => {
    const input = [
      JSON.stringify(lineWith()),
      'nope',
      '',
      `{"id":"${'x'.repeat(1024 * 1024)}"}`,
      '{"id":"a","id":"b"}',
      JSON.stringify(lineWith({ id: 'two', audience: 'x' })),
    ].join('\n');
    const { stdout, stderr, status } = signpost(['verify', 'passport'], input);
    const answers = stdout
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text) as Line);
    expect(answers.map(({ id, reason }) => [id, reason])).toEqual([
      ['one', null],
      [null, 'malformed-request'],
      [null, 'malformed-request'],
      [null, 'too-large'],
      [null, 'malformed-request'],
      ['two', 'aud-mismatch'],
    ]);
    expect([stderr, status]).toEqual(['', 0]);
  });

  test('explains a finding: what it is, of whom, and how to raise it', () => {
    expect(signpost(['explain', 'short-serial'])).toMatchObject({
      status: 0,
      stdout: `short-serial: the serial number has less than 64 bits
  clause  ATIS-1000080 section 6.4.1
  kind    warning, a finding: not refused
  of      root, intermediate, end-entity under delegate, shaken, email, numbering-authority
  do      Issue with at least 64 random bits, so that nobody can guess the next serial.
  raise   profiles.raise in gateway.yaml makes it refuse (profile-violation)
`,
    });
    expect(signpost(['explain', 'crl-without-idp']).stdout).toContain('of      CRL; said by inspect alone');
    expect(JSON.parse(signpost(['explain', 'no-crl-issuer', '--json']).stdout)).toMatchObject({
      finding: 'no-crl-issuer',
      severity: 'notice',
    });
  });

  test('explains every reason, and says no to what is none', () => {
    expect(signpost(['explain', 'tn-out-of-scope']).stdout).toContain('RFC 8226 section 9');
    expect(Object.keys(JSON.parse(signpost(['explain', '--json']).stdout) as Line)).toEqual(['steps', 'reasons', 'findings']);
    expect([signpost(['explain', 'nope']).status, signpost(['explain', '--nope']).status, signpost(['verify', 'nope']).status]).toEqual([
      1, 2, 2,
    ]);
  });
});
