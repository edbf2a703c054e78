import { describe, expect, test } from '@jest/globals';
import { OFF_PROFILE, REASONS, isReason, type OffProfile } from '../../src/reasons/index.js';
import { Verifier, type Verdict } from '../../src/verification/index.js';
import { OFF_PROFILE_CASES, fitting, lineOf, strict, type Scene } from '../support/misfits/index.js';
import { MAILBOX, POLICY, caseOf, judge, outcomeOf, type CaseOptions } from '../support/passport-bench.js';

/** Who revokes is not the matter here: authorities to the letter of ATIS-1000080 sign no CRL. */
const OFF = { ...POLICY.revocation, delegate: 'off', shaken: 'off', email: 'off', 'numbering-authority': 'off' } as const;

const policyOf = (...raise: OffProfile[]): NonNullable<CaseOptions['policy']> => ({
  revocation: OFF,
  profiles: { ...POLICY.profiles, raise },
});

/** A PASSporT that the end-entity of the scene may sign. */
const optionsOf = (scene: Scene, spc: string = fitting.SPC): CaseOptions => {
  if (scene.profile === 'email') return { scene, claims: MAILBOX };
  if (scene.profile === 'numbering-authority') return { scene, action: 'port' };
  return { scene, rows: [{ spc, start: '12025550000', count: 1000, validFrom: null }] };
};

const judged = (scene: Scene, spc?: string, ...raise: OffProfile[]): Verdict =>
  judge(caseOf({ ...optionsOf(scene, spc), policy: policyOf(...raise) }));

const evidenceOf = ({ steps }: Verdict): unknown => steps.find(({ step }) => step === 'check-profile')?.evidence['findings'];

const CASES = OFF_PROFILE_CASES.map((one) => [one.code, one.name, one] as const);

describe('what is off about a path', () => {
  test.each(CASES)('%s (%s) is recorded, and is no reason to refuse', (code, _, { show, spc, outcome }) => {
    const verdict = judged(show(), spc);
    expect(outcomeOf(verdict)).toBe(outcome);
    expect(verdict.findings).toContain(code);
    expect(evidenceOf(verdict)).toContainEqual({ code, position: expect.any(Number) });
  });

  test.each(CASES)('%s (%s) is not said of its twin', (code, _, { twin }) => {
    const verdict = judged(twin());
    expect(outcomeOf(verdict)).toBe('accepted');
    expect(verdict.findings).not.toContain(code);
  });

  test.each(CASES)('%s (%s) refuses where policy raises it, and spares its twin', (code, _, { show, spc, twin }) => {
    expect(judged(show(), spc, code)).toMatchObject({
      accepted: false,
      family: 'refused',
      reason: 'profile-violation',
      step: 'check-profile',
      detail: code,
      findings: expect.arrayContaining([code]),
    });
    expect(outcomeOf(judged(twin(), undefined, code))).toBe('accepted');
  });

  test('has a case for every row of the table', () => {
    const shown = new Set<string>(OFF_PROFILE_CASES.map(({ code }) => code));
    expect(Object.keys(OFF_PROFILE).filter((code) => !shown.has(code))).toEqual([]);
  });

  test('is nothing, for the shapes that must be accepted but for what v005 of SHAKEN has changed', () => {
    const codes = (scene: Scene): unknown => judge(caseOf({ ...optionsOf(scene), policy: policyOf() })).findings;
    expect(codes(strict())).toEqual([]);
    expect(codes(fitting.shaken())).toEqual(['no-crl-issuer', 'ca-key-usage-v005']);
    const others = [fitting.delegate, fitting.enterprise, fitting.department, fitting.provider, fitting.mailProvider, fitting.mailbox];
    for (const scene of [...others, fitting.numberingAuthority]) expect(codes(scene())).toEqual([]);
  });

  test('names each place once in the evidence, and each code once beside it', () => {
    const scene = OFF_PROFILE_CASES.find(({ code }) => code === 'short-serial')?.show() ?? strict();
    const [root, ca, own] = scene.links;
    if (root === undefined || ca === undefined || own === undefined) throw new Error('three links');
    const twice = { ...scene, links: [root, { ...ca, tbs: own.tbs }, own] } as Scene;
    const verdict = judged(twice);
    expect(verdict.findings).toEqual(['short-serial']);
    expect(evidenceOf(verdict)).toEqual([
      { code: 'short-serial', position: 0 },
      { code: 'short-serial', position: 1 },
    ]);
  });
});

describe('the table of findings', () => {
  test('shares no code with the table of reasons, and words each row', () => {
    for (const [code, { title, advice, clause }] of Object.entries(OFF_PROFILE)) {
      expect(isReason(code)).toBe(false);
      expect(code).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
      for (const words of [title, advice, clause]) expect(words.length).toBeGreaterThan(3);
    }
    expect(REASONS['profile-violation'].family).toBe('refused');
  });
});

describe('a finding that policy raises', () => {
  const shown = (code: OffProfile): Scene => OFF_PROFILE_CASES.find((one) => one.code === code)?.show() ?? strict();

  test('is the reason also where the path ends in the anchors of two profiles', () => {
    const scene = shown('short-serial');
    const line = lineOf('raised', scene);
    const [certificate] = line.anchors;
    if (certificate === undefined) throw new Error('no anchor');
    const anchors = (['delegate', 'shaken'] as const).map((profile) => ({ profile, certificate, speaksFor: 'any' as const }));
    const under = (...raise: OffProfile[]): Verdict => judge(caseOf({ line, material: { anchors }, policy: policyOf(...raise) }));
    expect(under()).toMatchObject({ accepted: true, findings: ['short-serial'] });
    expect(under('short-serial')).toMatchObject({ accepted: false, reason: 'profile-violation', detail: 'short-serial' });
  });

  test('does not hide what makes a path unsafe', () => {
    const scene = shown('short-serial');
    const unsafe = { ...scene, links: scene.links.map((link, i) => (i === 2 ? { ...link, extensions: link.extensions.slice(2) } : link)) };
    expect(judged(unsafe, undefined, 'short-serial')).toMatchObject({ reason: 'bad-key-usage', findings: [] });
  });

  test('is looked for once for each path: the warm path gets what the cold one found', () => {
    const scene = shown('short-serial');
    const { input, material } = caseOf({ scene, policy: policyOf() });
    const verifier = new Verifier(material);
    const passports = Array.from({ length: 4 }, () => caseOf({ scene }).input.passport);
    const found = [input.passport, ...passports].map((passport) => verifier.verify({ ...input, passport }).findings);
    expect(found).toEqual(Array.from({ length: 5 }, () => ['short-serial']));
    expect(new Set(found.slice(1)).size).toBe(1);
  });
});
