import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Authorizer, parseGatewayPolicy } from '../../src/policy/index.js';
import { isReason } from '../../src/reasons/index.js';
import { PassportLines } from '../../src/verification/passport-lines.js';
import { verifyPath } from '../../src/verification/path-lines.js';
import { MISFITS, PASSPORT_MISFITS, fitting, lineOf, type Scene } from '../support/misfits/index.js';

const FITTING: ReadonlyArray<readonly [string, () => Scene]> = Object.entries(fitting).flatMap(([name, make]) =>
  typeof make === 'function' ? [[name, make]] : [],
);

/** standards: stir section 9, of the certificate, list, constraint and revocation items those that a path alone can break. */
const COVERED = [
  81, 82, 83, 84, 85, 86, 87, 88, 90, 91, 92, 94, 95, 96, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 109, 112, 113, 114, 115, 116,
  117, 118, 119, 120, 122, 125, 126, 127, 128, 129, 132, 139, 140, 141, 142, 143, 144, 145, 146, 147, 148, 149, 150, 152,
];

describe('the CA of misfits', () => {
  test.each(FITTING)('%s, the shape that must be accepted, is accepted', (name, make) => {
    expect(verifyPath(lineOf(name, make()))).toEqual({ id: name, accepted: true, reason: null, position: null });
  });

  test.each(MISFITS.map((misfit) => [misfit.name, misfit.reason, misfit] as const))(
    '%s is refused as %s, its twin accepted',
    (name, reason, misfit) => {
      expect(verifyPath(misfit.make())).toMatchObject({ id: name, accepted: false, reason });
      expect(verifyPath(misfit.twin())).toEqual({ id: name, accepted: true, reason: null, position: null });
    },
  );

  test('covers every item of the catalogue that a path can break, each under a name of its own', () => {
    const items = new Set(MISFITS.map(({ item }) => item));
    expect(COVERED.filter((item) => !items.has(item))).toEqual([]);
    expect(new Set(MISFITS.map(({ name }) => name)).size).toBe(MISFITS.length);
    expect(MISFITS.filter(({ reason }) => !isReason(reason))).toEqual([]);
  });
});

const policyFile = (name: string): string => readFileSync(new URL(`../../../policies/${name}`, import.meta.url), 'utf8');
const shippedLines = (): PassportLines => {
  const policy = parseGatewayPolicy(policyFile('gateway.yaml'));
  const authorizer = Authorizer.load(policyFile('authorization.cedar'), policyFile('authorization.cedarschema'));
  if (!policy.ok || !authorizer.ok) throw new Error('the shipped policies do not parse');
  return new PassportLines({ policy: policy.value, authorizer: authorizer.value });
};

describe('PASSporTs that their credential does not carry', () => {
  const lines = shippedLines();

  test.each(PASSPORT_MISFITS.map((misfit) => [misfit.name, misfit.reason, misfit] as const))(
    '%s is refused as %s, its twin accepted',
    (name, reason, misfit) => {
      expect(lines.verify(misfit.make())).toMatchObject({ id: name, accepted: false, reason });
      expect(lines.verify(misfit.twin())).toMatchObject({ id: name, accepted: true, reason: null });
    },
  );
});
