import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { NumberingPlan, parseInstant, parseNumberingCsv, type NumberingRow } from '../../src/numbering/index.js';
import {
  Authorizer,
  POLICY_FILES,
  parseFederationPolicy,
  parseGatewayPolicy,
  parsePolicySet,
  parsePrincipals,
  portRuleOf,
  parseTrustPolicy,
  type AuthorizationRequest,
  type Parsed,
} from '../../src/policy/index.js';
import { AUTHORIZER, CEDAR, CEDAR_SCHEMA, ROOT } from '../support/passport-bench.js';

const problemsOf = (parsed: Parsed<unknown>): readonly string[] => (parsed.ok ? [] : parsed.problems);
const request = (change: Partial<AuthorizationRequest>): AuthorizationRequest => ({
  action: 'register',
  credential: 'np',
  identifier: 'number',
  ofRecord: true,
  ownMapping: true,
  preferGranted: false,
  portSide: 'none',
  ...change,
});

describe('authorization.cedar', () => {
  const ACTIONS = ['register', 'withdraw', 'prefer', 'release', 'port'] as const;
  /** DESIGN section 5, "who may sign what", a row a credential. */
  const TABLE: ReadonlyArray<readonly [string, Partial<AuthorizationRequest>, readonly boolean[]]> = [
    ['the NP of record', { portSide: 'from' }, [true, true, true, true, true]],
    ['the NP that a number is ported to', { ofRecord: false, portSide: 'to' }, [false, false, false, false, true]],
    ['a delegate', { credential: 'delegate' }, [true, true, false, false, false]],
    ['a delegate granted prefer', { credential: 'delegate', preferGranted: true }, [true, true, true, false, false]],
    [
      'a delegate, of the mapping of another AP',
      { credential: 'delegate', ownMapping: false, preferGranted: true },
      [false, false, false, false, false],
    ],
    ['an EP', { credential: 'ep', identifier: 'mailbox', portSide: 'from' }, [true, true, true, true, false]],
    ['a mailbox', { credential: 'mailbox', identifier: 'mailbox' }, [true, true, false, false, false]],
    ['a mailbox granted prefer', { credential: 'mailbox', identifier: 'mailbox', preferGranted: true }, [true, true, true, false, false]],
    [
      'the numbering authority',
      { credential: 'numbering-authority', ofRecord: false, portSide: 'authority' },
      [false, false, false, false, true],
    ],
    ['any other NP', { ofRecord: false }, [false, false, false, false, false]],
    ['any other EP', { credential: 'ep', identifier: 'mailbox', ofRecord: false }, [false, false, false, false, false]],
  ];

  test.each(TABLE.flatMap(([who, facts, row]) => ACTIONS.map((action, i) => [who, action, row[i], facts] as const)))(
    'lets %s sign %s: %s',
    (_, action, allowed, facts) => {
      expect(AUTHORIZER.decide(request({ ...facts, action })).allowed).toBe(allowed);
    },
  );

  test('never lets a credential for numbers sign for a mailbox, or the reverse', () => {
    for (const action of ACTIONS) {
      for (const credential of ['np', 'delegate', 'numbering-authority'] as const) {
        expect(AUTHORIZER.decide(request({ action, credential, identifier: 'mailbox', preferGranted: true, portSide: 'to' })).allowed).toBe(
          false,
        );
      }
      for (const credential of ['ep', 'mailbox'] as const) {
        expect(AUTHORIZER.decide(request({ action, credential, identifier: 'number', preferGranted: true, portSide: 'to' })).allowed).toBe(
          false,
        );
      }
    }
  });

  test('decides the same from its cache', () => {
    expect(AUTHORIZER.decide(request({}))).toBe(AUTHORIZER.decide(request({})));
  });

  test.each([
    ['nothing', ''],
    ['what does not parse', 'permit ('],
    ['a rule without an id', 'permit (principal, action, resource);'],
    ['an id twice', '@id("a")\npermit (principal, action, resource);\n@id("a")\nforbid (principal, action, resource);'],
    ['a rule that asks what the schema has not', '@id("a")\npermit (principal, action, resource) when { context.mood == "good" };'],
    ['a kind of credential that there is none of', '@id("a")\npermit (principal == Signpost::Credential::"king", action, resource);'],
    ['a template', '@id("a")\npermit (principal == ?principal, action, resource);'],
  ])('is refused when it holds %s', (_, text) => {
    expect(Authorizer.load(text, CEDAR_SCHEMA).ok).toBe(false);
  });

  test('denies when a rule cannot be evaluated, though another permits', () => {
    const overflow = '@id("b")\nforbid (principal, action, resource) when { 9223372036854775807 + 1 == 0 };';
    const parsed = Authorizer.load(`${CEDAR}\n${overflow}`, CEDAR_SCHEMA);
    expect(parsed.ok && parsed.value.decide(request({})).allowed).toBe(false);
  });

  test('has a version that follows its text and schema', () => {
    const other = Authorizer.load(`${CEDAR}\n`, CEDAR_SCHEMA);
    expect(other.ok && other.value.version).not.toBe(AUTHORIZER.version);
  });
});

describe('the policy folder', () => {
  const shipped = Object.fromEntries(POLICY_FILES.map((file) => [file, readFileSync(join(ROOT, 'policies', file), 'utf8')]));

  test('is read as shipped, and names no anchor and no number', () => {
    const parsed = parsePolicySet(shipped);
    expect(problemsOf(parsed)).toEqual([]);
    expect(parsed.ok && [parsed.value.trust.anchors.length, parsed.value.numbering.size, parsed.value.principals.length]).toEqual([
      0, 0, 0,
    ]);
  });

  test('states the defaults that the code has', () => {
    const bare = parseGatewayPolicy('audience: dp.example\norigin: dp.example/log\n');
    expect(parseGatewayPolicy(shipped['gateway.yaml'] ?? '')).toEqual(bare);
  });

  test.each([
    ['a finding that is none', 'short-seriel'],
    ['a reason code', 'bad-policy'],
    ['a finding that no path can have', 'crl-run-out'],
  ])('raises nothing for %s, but says so', (_, code) => {
    const text = `audience: dp.example\norigin: dp.example/log\nprofiles: {raise: [${code}]}\n`;
    expect(problemsOf(parseGatewayPolicy(text))).toEqual([expect.stringMatching(/^gateway.yaml: profiles.raise.0: .*docs\/findings.md/)]);
  });

  test('raises what is a finding of paths', () => {
    const parsed = parseGatewayPolicy('audience: dp.example\norigin: dp.example/log\nprofiles: {raise: [short-serial, no-crl-sign]}\n');
    expect(parsed.ok && parsed.value.profiles.raise).toEqual(['short-serial', 'no-crl-sign']);
  });

  test('reports every problem of every file at once', () => {
    const broken = {
      ...shipped,
      'gateway.yaml': 'audiense: x',
      'principals.yaml': 'principals: [{domain: A.example, kind: ap}]',
      'numbering.csv': 'spc,start,count,validFrom\na,b,c,d\n1,2\n',
    };
    const problems = problemsOf(parsePolicySet(broken));
    for (const file of ['gateway.yaml', 'principals.yaml', 'numbering.csv: line 2', 'numbering.csv: line 3'])
      expect(problems.some((one) => one.startsWith(file))).toBe(true);
    expect(problemsOf(parsePolicySet({}))).toHaveLength(POLICY_FILES.length);
  });

  test.each([
    [
      'trust.yaml',
      parseTrustPolicy,
      'anchors: [{profile: delegate, file: a.pem, speaksFor: ["1"]}]',
      [
        'anchors: [{profile: delegate, file: a.pem}]',
        'anchors: [{profile: other, file: a.pem, speaksFor: any}]',
        'anchors: [{profile: shaken, file: a.pem, speaksFor: [example.com]}]',
        'anchors: [{profile: email, file: a.pem, speaksFor: ["1"]}]',
        'anchors: []\nanchors: []',
        '- a',
      ],
    ],
    [
      'principals.yaml',
      parsePrincipals,
      'principals: [{domain: a.example, kind: ap, class: consumer, operatedBy: 709J}]',
      [
        'principals: [{domain: a.example, kind: ap}]',
        'principals: [{domain: a.example, kind: np}]',
        'principals: [{domain: a.example, kind: ep}, {domain: a.example, kind: dp}]',
        'principals: [{domain: a.example, kind: root}]',
      ],
    ],
    [
      'federation.yaml',
      parseFederationPolicy,
      'default: deny\npeers: []',
      ['default: allow\npeers: []', 'default: deny\npeers: [{domain: b.example}]', ''],
    ],
    [
      'gateway.yaml',
      parseGatewayPolicy,
      'audience: a\norigin: b',
      [
        'audience: a',
        'audience: a\norigin: "b c"',
        'audience: a\norigin: b\npassport: {lifetimeSeconds: 86401}',
        'audience: a\norigin: b\nrevocation: {delegate: never}',
        'a: &a [1]\nb: *a',
      ],
    ],
  ] as const)('%s is closed: accepts its form and refuses others', (_, parse, good, bad) => {
    expect(problemsOf(parse(good))).toEqual([]);
    for (const text of bad) expect(parse(text).ok).toBe(false);
  });

  test('never throws, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.string(),
        (text) => void [parseGatewayPolicy, parseTrustPolicy, parsePrincipals, parseFederationPolicy].map((parse) => parse(text)),
      ),
    );
  });
});

describe('numbering data', () => {
  const row = (spc: string, start: string, count: number, validFrom: number | null = null): NumberingRow => ({
    spc,
    start,
    count,
    validFrom,
  });
  const holder = (rows: readonly NumberingRow[], tn: string, at = 0) => {
    const found = new NumberingPlan(rows).holderOf(tn, at);
    return found.status === 'held' ? found.spc : found.status;
  };

  test('finds the holder of the first and the last number, and nobody beside them', () => {
    const rows = [row('A', '12025550100', 100), row('B', '12025550300', 1), row('C', '4930', 1)];
    expect(
      ['12025550099', '12025550100', '12025550199', '12025550200', '12025550300', '4930', '04930', '49300'].map((tn) => holder(rows, tn)),
    ).toEqual(['nobody', 'A', 'A', 'nobody', 'B', 'C', 'nobody', 'nobody']);
  });

  test('lets the latest validFrom that has come win', () => {
    const rows = [row('A', '1000', 100), row('B', '1050', 10, 500)];
    expect([holder(rows, '1050', 499), holder(rows, '1050', 500), holder(rows, '1060', 500)]).toEqual(['A', 'B', 'A']);
  });

  test('calls a number unusable where two providers have it from one moment, or its row overflows', () => {
    const rows = [row('A', '1000', 100), row('B', '1099', 10), row('A', '1000', 5), row('C', '9990', 11)];
    expect(['1000', '1098', '1099', '1100', '9990', '9999'].map((tn) => holder(rows, tn))).toEqual([
      'A',
      'A',
      'unusable',
      'B',
      'unusable',
      'unusable',
    ]);
    expect(holder([row('C', '9990', 10)], '9999')).toBe('C');
  });

  test('agrees with a search through all rows', () => {
    const rows = fc.array(
      fc.record({
        spc: fc.constantFrom('A', 'B', 'C'),
        start: fc.integer({ min: 100, max: 999 }).map(String),
        count: fc.integer({ min: 1, max: 60 }),
        validFrom: fc.constantFrom(null, 5, 9),
      }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(rows, fc.integer({ min: 100, max: 999 }), fc.integer({ min: 0, max: 10 }), (all, number, at) => {
        const over = all.filter(
          ({ start, count, validFrom }) => (validFrom ?? -1) <= at && number >= Number(start) && number < Number(start) + count,
        );
        const latest = over.filter(({ validFrom }) => (validFrom ?? -1) === Math.max(...over.map((one) => one.validFrom ?? -1)));
        const spcs = new Set(latest.map(({ spc }) => spc));
        const isBroken = over.some(({ start, count }) => Number(start) + count > 1000);
        const expected = over.length === 0 ? 'nobody' : isBroken || spcs.size > 1 ? 'unusable' : [...spcs][0];
        expect(holder(all, String(number), at)).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });

  test('has a version that is of the rows and not of their order', () => {
    const [a, b] = [row('A', '1000', 100), row('B', '2000', 100)];
    expect(new NumberingPlan([a, b]).version).toBe(new NumberingPlan([b, a]).version);
    expect(new NumberingPlan([a]).version).not.toBe(new NumberingPlan([row('A', '1000', 101)]).version);
  });

  test('reads its CSV', () => {
    const text = 'spc,start,count,validFrom\r\n709J,12025550000,1000,\r\n505X,4930,1,2026-01-01T00:00:00Z\r\n';
    expect(parseNumberingCsv(text)).toEqual({
      ok: true,
      value: [row('709J', '12025550000', 1000), row('505X', '4930', 1, Date.UTC(2026, 0, 1))],
    });
    expect(parseNumberingCsv('').ok).toBe(false);
  });

  test('knows an instant from a date, and February', () => {
    expect(parseInstant('2026-11-24T01:00:00.250+01:00')).toBe(Date.UTC(2026, 10, 24) + 250);
    for (const text of ['2026-11-24', '2026-02-29T00:00:00Z', '2026-11-24T24:00:00Z', '2026-11-24T00:00:00', '2026-11-24 00:00:00Z', ''])
      expect(parseInstant(text)).toBeNull();
  });
});

describe('whose word ports a number', () => {
  const ruleOf = (ports: string, tn: string): unknown => {
    const parsed = parseGatewayPolicy(`audience: dp.example\norigin: dp.example/log\n${ports}`);
    return parsed.ok ? portRuleOf(parsed.value, tn) : parsed.problems.length;
  };

  test("is either's unless policy says otherwise, by the longest calling code that begins the number", () => {
    expect(ruleOf('', '12025550100')).toBe('either');
    const ports = 'ports: { by: { default: pair, codes: { "1": either, "1202": authority, "44": pair } } }';
    expect(['12025550100', '13035550100', '441632960000', '4915100000000'].map((tn) => ruleOf(ports, tn))).toEqual([
      'authority',
      'either',
      'pair',
      'pair',
    ]);
  });

  test.each([
    'ports: { by: { default: nobody } }',
    'ports: { by: { codes: { "+1": pair } } }',
    'ports: { pairHours: 0 }',
    'ports: { days: 1 }',
  ])('is not to be guessed: %s', (ports) => expect(ruleOf(ports, '1')).toBe(1));
});
