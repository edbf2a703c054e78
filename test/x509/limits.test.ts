import { describe, expect, test } from '@jest/globals';
import { encodeSequence, encodeUtf8 } from '../../src/encoding/index.js';
import { parseCertificate, parseCrl } from '../../src/x509/index.js';
import { judgeRfc5280, outcomeOf } from '../support/judged.js';
import * as raw from '../support/raw-certificate.js';
import * as list from '../support/raw-crl.js';

/** What a certificate or CRL may hold of one kind: far more than any has, and no more than is read in time. */

const key = raw.newEcKey();
const root = raw.issueCa({ issuer: null, subject: 'root', key });
const times = <T>(count: number, of: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => of(i));

const judged = (extensions: Record<string, Buffer>): string => {
  const ca = raw.issueCa({ issuer: root, subject: 'ca', key, extensions });
  const leaf = raw.issueEndEntity({ issuer: ca, subject: 'leaf', key });
  return outcomeOf(() => judgeRfc5280([leaf.der, ca.der], [root.der]));
};

describe('a CA certificate may have', () => {
  test('a thousand policies', () => {
    const p = (count: number): Buffer => raw.policies(...times(count, (i) => `1.3.${String(i)}`));
    expect(judged({ p: p(1000) })).toBe('accepted');
    expect(judged({ p: p(1001) })).toBe('malformed-cert@1');
  });

  test('a thousand policy mappings', () => {
    const m = (count: number): Buffer => raw.mappings(...times(count, (i): [string, string] => ['1.3.0', `1.3.${String(i)}`]));
    expect(judged({ p: raw.policies('1.3.0'), m: m(1000) })).toBe('accepted');
    expect(judged({ p: raw.policies('1.3.0'), m: m(1001) })).toBe('malformed-cert@1');
  });

  test('256 distribution points', () => {
    const points = (count: number): Buffer =>
      list.distributionPoints(...times(count, (i) => ({ name: list.url(`http://c/${String(i)}`) })));
    expect(judged({ points: points(256) })).toBe('accepted');
    expect(judged({ points: points(257) })).toBe('malformed-cert@1');
  });
});

test('a path may have ten thousand policies and mappings in all', () => {
  const policies = raw.policies(...times(1000, (i) => `1.3.${String(i)}`));
  const mappings = (count: number): Buffer =>
    raw.mappings(...times(count, (i): [string, string] => [`1.3.${String(i)}`, `1.3.${String(i)}`]));
  const judgedWith = (last: number): string => {
    const cas: raw.Issued[] = [];
    for (const count of [1000, 1000, 1000, 1000, last])
      cas.push(
        raw.issueCa({ issuer: cas.at(-1) ?? root, subject: `ca ${String(cas.length)}`, key, extensions: { policies, m: mappings(count) } }),
      );
    const leaf = raw.issueEndEntity({ issuer: cas.at(-1) ?? root, subject: 'leaf', key, extensions: { policies: raw.policies('1.3.0') } });
    return outcomeOf(() =>
      judgeRfc5280(
        [leaf, ...cas.toReversed()].map(({ der }) => der),
        [root.der],
      ),
    );
  };
  expect(judgedWith(999)).toBe('accepted');
  expect(judgedWith(1000)).toBe('bad-policy@0');
});

test('an indirect CRL may be about 4,096 other issuers', () => {
  const name = (i: number): Buffer => raw.nameOf(raw.rdn('2.5.4.3', encodeUtf8(String(i))));
  const about = (count: number): string => {
    const entries = times(count, (i) => list.entry(Buffer.from([0x11]), list.certificateIssuer(name(i))));
    return outcomeOf(() => parseCrl(list.issueCrl(root, entries, { extensions: [list.scope({ indirect: true })] })));
  };
  expect(about(4096)).toBe('accepted');
  expect(about(4097)).toBe('malformed-crl@none');
});

test('an object identifier is read right at either side of what a double holds', () => {
  const read = (oid: string): string[] => {
    const end = raw.issueEndEntity({ issuer: root, subject: 'leaf', key, extensions: { x: raw.extension(oid, encodeSequence()) } });
    return [...parseCertificate(end.der).extensions.keys()];
  };
  for (const arc of [
    '0',
    '39',
    '127',
    '128',
    '16383',
    String(2n ** 49n - 1n),
    String(2n ** 49n),
    String(2n ** 53n + 1n),
    String(2n ** 120n),
  ]) {
    expect(read(`2.5.${arc}.1`)).toContain(`2.5.${arc}.1`);
    expect(read(`2.${arc}.1`)).toContain(`2.${arc}.1`);
  }
  expect(read('0.39.1')).toContain('0.39.1');
  expect(read('1.0.1')).toContain('1.0.1');
  expect(read('1.39.1')).toContain('1.39.1');
});
