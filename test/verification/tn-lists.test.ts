import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { OID } from '../../src/issuance/index.js';
import { PassportLines, Verifier, type VerifyInput } from '../../src/verification/index.js';
import { encodeTnAuthList } from '../../src/x509/index.js';
import { fitting, lineOf } from '../support/misfits/index.js';
import { added, without } from '../support/misfits/link.js';
import { changed } from '../support/misfits/scene.js';
import { tnListReference } from '../support/misfits/tn-list-reference.js';
import { AUTHORIZER, POLICY, caseOf, materialOf } from '../support/passport-bench.js';

const URLS = ['https://lists.sti.example/own', 'https://lists.sti.example/ca'] as const;
const scene = [-1, 1].reduce(
  (made, place, i) => changed(made, place, (link) => added(without(link, OID.tnAuthList), tnListReference(URLS[i] ?? ''))),
  fitting.delegate(),
);
const OWN = encodeTnAuthList([{ tn: '12025550150' }]);
const CA = encodeTnAuthList([{ spc: fitting.SPC }]);
const both = (own = OWN): ReadonlyMap<string, Uint8Array> => new Map<string, Uint8Array>([[URLS[0], own], [URLS[1], CA]]); // prettier-ignore

const line = lineOf('lists', scene);
const fit = caseOf({ line });
const verifier = new Verifier(materialOf(line));
const judge = (more: Partial<VerifyInput>) => verifier.verify({ ...fit.input, ...more });

describe('a path with TNAuthLists by reference', () => {
  test('says which lists it needs, all at once, and that nothing was decided', () => {
    expect(judge({})).toMatchObject({
      accepted: false,
      family: 'unavailable',
      step: 'check-profile',
      needs: { kind: 'tn-lists', urls: URLS },
    });
    expect(judge({ tnLists: new Map([[URLS[0], OWN]]) })).toMatchObject({ needs: { kind: 'tn-lists', urls: [URLS[1]] } });
  });

  test('needs nothing before the path holds, so that nobody without an anchor has anything fetched', () => {
    const stranger = new Verifier(materialOf(line, { material: { anchors: materialOf(lineOf('other', fitting.shaken())).anchors } }));
    expect(stranger.verify(fit.input)).toMatchObject({ reason: 'untrusted-chain', needs: null });
  });

  test('is judged as if by value, with the digests of the lists in the evidence', () => {
    const verdict = judge({ tnLists: both() });
    expect(verdict.accepted).toBe(true);
    const sha256 = (der: Uint8Array): string => createHash('sha256').update(der).digest('hex');
    expect(verdict.steps.find(({ step }) => step === 'check-profile')?.evidence).toMatchObject({
      tnLists: [
        { position: 0, entries: 1, sha256: sha256(OWN) },
        { position: 1, entries: 1, sha256: sha256(CA) },
      ],
    });
    expect(verdict.steps.find(({ step }) => step === 'check-authority')?.evidence).toMatchObject({
      coveredBy: ['one number', fitting.SPC],
    });
    expect(verdict.accepted && verdict.verified.signer.personal).toEqual([true, false, false]);
  });

  test('is never judged by lists that were there before', () => {
    const other = encodeTnAuthList([{ tn: '12025550151' }]);
    for (let turn = 0; turn < 4; turn += 1) {
      expect(judge({ tnLists: both() }).accepted).toBe(true);
      expect(judge({ tnLists: both(other) }).reason).toBe('tn-out-of-scope');
      expect(judge({}).reason).toBe('tnlist-unavailable');
    }
  });

  test('is unavailable in a line, which has no lists', () => {
    const lines = new PassportLines({ policy: POLICY, authorizer: AUTHORIZER });
    const { input, material } = fit;
    const answer = lines.verify({
      id: 'lists',
      passport: input.passport,
      anchors: { delegate: material.anchors.map(({ certificate }) => certificate) },
      crls: material.crls,
      numbering: [{ spc: fitting.SPC, start: '12025550000', count: 1000 }],
      audience: 'dp.example',
      client: fitting.PROVIDER,
      at: new Date(input.at).toISOString(),
    });
    expect(answer).toMatchObject({ accepted: false, reason: 'tnlist-unavailable' });
  });
});

describe('a PASSporT with x5u', () => {
  test('says which path it needs, once everything cheap has passed', () => {
    const x5u = 'https://cert.sti.example/path.pem';
    const byUrl = caseOf({ x5u });
    const open = new Verifier(byUrl.material);
    expect(open.verify(byUrl.input)).toMatchObject({ step: 'acquire-credential', needs: { kind: 'chain', url: x5u } });
    expect(open.verify({ ...byUrl.input, at: byUrl.input.at + 3_600_000 })).toMatchObject({ reason: 'expired-token', needs: null });
    expect(open.verify({ ...byUrl.input, chain: lineOf('x5u', fitting.delegate()).path })).toMatchObject({ accepted: true });
  });
});
