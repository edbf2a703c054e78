import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { parseNumberingCsv } from '../../src/numbering/index.js';
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
  const texts = Object.fromEntries(POLICY_FILES.map((file) => [file, readFileSync(join(ROOT, 'policies', file), 'utf8')]));
  const shipped = { ...texts, 'numbering.csv': parseNumberingCsv(Buffer.from(texts['numbering.csv'] ?? '')) };

  test('is read as shipped, and names no anchor and no number', () => {
    const parsed = parsePolicySet(shipped);
    expect(problemsOf(parsed)).toEqual([]);
    expect(parsed.ok && [parsed.value.trust.anchors.length, parsed.value.numbering.size, parsed.value.principals.length]).toEqual([
      0, 0, 0,
    ]);
  });

  test('states the defaults that the code has', () => {
    const bare = parseGatewayPolicy('audience: dp.example\norigin: dp.example/log\n');
    expect(parseGatewayPolicy(texts['gateway.yaml'] ?? '')).toEqual(bare);
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
      'numbering.csv': parseNumberingCsv(Buffer.from('spc,start,count,validFrom\na,b,c,d\n1,2\n')),
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

describe('witnesses in gateway.yaml', () => {
  const member = { vkey: 'w+00000000+x', url: 'https://witness.example/prefix' };
  const parsed = (witnesses: object) => parseGatewayPolicy(JSON.stringify({ audience: 'a', origin: 'a/log', witnesses }));

  test.each([
    ['a quorum that nobody can reach', { quorum: 2, members: [member] }],
    ['members without a quorum', { members: [member] }],
    ['a quorum without members', { quorum: 1 }],
    ['plain HTTP', { quorum: 1, members: [{ ...member, url: 'http://witness.example' }] }],
    ['a password in the URL', { quorum: 1, members: [{ ...member, url: 'https://a:b@witness.example' }] }],
    ['a query', { quorum: 1, members: [{ ...member, url: 'https://witness.example/?x' }] }],
    ['an authority that is no PEM', { quorum: 1, members: [{ ...member, ca: 'x' }] }],
  ])('with %s are refused', (_name, witnesses) => {
    expect(problemsOf(parsed(witnesses))).toEqual([expect.stringMatching(/^gateway.yaml: witnesses/)]);
    expect(problemsOf(parsed({ quorum: 1, members: [member] }))).toEqual([]);
  });
});
