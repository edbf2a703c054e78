import { encodeOid, encodeSequence, encodeTlv, encodeUtf8 } from '../../../src/encoding/index.js';
import type { Reason } from '../../../src/reasons/index.js';
import * as raw from '../raw-certificate.js';
import { pathLine, times, type HostileLine } from './line.js';

/** Paths. What is heavy stands where it is read before any signature, or is signed as it should be. */

const key = raw.newEcKey();
const root = raw.issueCa({ issuer: null, subject: 'root', key });
const MAX_CERTIFICATE = 60 * 1024;

const ca = (
  issuer: raw.Issued,
  subject: string,
  extensions: Record<string, Buffer | null> = {},
  shape: Partial<raw.Shape> = {},
): raw.Issued => raw.issueCa({ issuer, subject, key, extensions, shape });
const leaf = (issuer: raw.Issued, extensions: Record<string, Buffer | null> = {}, shape: Partial<raw.Shape> = {}): raw.Issued =>
  raw.issueEndEntity({ issuer, subject: 'leaf', key, extensions, shape });

/** A path of nine CAs and an end-entity, all with these extensions or this name. */
const tower = (
  extensions: (i: number) => Record<string, Buffer | null>,
  shape: (i: number) => Partial<raw.Shape> = () => ({}),
  height = 9,
): Uint8Array[] => {
  const cas: raw.Issued[] = [];
  for (let i = 0; i < height; i += 1) cas.push(ca(cas.at(-1) ?? root, `ca ${String(i)}`, extensions(i), shape(i)));
  const end = leaf(cas.at(-1) ?? root, extensions(height), shape(height));
  return [end, ...cas.toReversed()].map(({ der }) => der);
};

const line = (name: string, reason: Reason | null, make: () => Buffer): HostileLine => ({ name, reason, entrance: 'path', make });
const below = (path: readonly Uint8Array[]): Buffer => pathLine({ anchors: [root.der], path });

const under = (constraints: Buffer, names: Buffer[], subject = raw.commonName('leaf')): Buffer => {
  const upper = ca(root, 'constrained', { nc: constraints });
  return below([leaf(upper, { san: raw.subjectAltName(names) }, { subject }).der, upper.der]);
};
/** As many of `of` as fit into one certificate. */
const filling = (of: (i: number) => Buffer, octets = MAX_CERTIFICATE): Buffer[] => {
  const all: Buffer[] = [];
  for (let left = octets, i = 0; ; i += 1) {
    const one = of(i);
    left -= one.length + 8;
    if (left < 0) return all;
    all.push(one);
  }
};

/** 250,000 comparisons, each of two long names that differ at the very end. */
const long = (i: number): string => `${`${'a-'.repeat(30)}a.`.repeat(3)}a${String(i)}.example`;
const WIDE = '\ufdfa';

export const PATH_LINES: readonly HostileLine[] = [
  line('long dNSNames under as many constraints as may be compared', null, () =>
    under(
      raw.nameConstraints(
        [],
        times(280, (i) => raw.dns(long(i))),
      ),
      times(280, (i) => raw.dns(long(i + 500))),
    ),
  ),
  line('URIs of seven thousand characters in each of ten certificates, under three thousand constraints', null, () => {
    const top = ca(root, 'top', {
      nc: raw.nameConstraints(
        [],
        times(3000, (i) => raw.uri(`c${String(i)}`)),
      ),
    });
    const cas: raw.Issued[] = [top];
    const san = raw.subjectAltName(times(8, (i) => raw.uri(`HTTPS://${'U'.repeat(7000)}@n${String(i)}.example/`)));
    for (let i = 0; i < 8; i += 1) cas.push(ca(cas.at(-1) ?? top, `c${String(i)}`, { san }));
    return below([leaf(cas.at(-1) ?? top, { san }), ...cas.toReversed()].map(({ der }) => der));
  }),
  line('mailboxes of ten thousand characters under constraints on mailboxes', null, () =>
    under(
      raw.nameConstraints(
        [],
        times(1500, (i) => raw.mail(`c${String(i)}@example.com`)),
      ),
      times(6, (i) => raw.mail(`${'Y'.repeat(9500)}${String(i)}@example.com`)),
    ),
  ),
  line('short dNSNames under short constraints', null, () =>
    under(
      raw.nameConstraints(
        [],
        times(2000, (i) => raw.dns(`c${String(i)}`)),
      ),
      times(124, (i) => raw.dns(`n${String(i)}`)),
    ),
  ),
  line('mailboxes under constraints on mailboxes', null, () =>
    under(
      raw.nameConstraints(
        [],
        times(700, (i) => raw.mail(`${'x'.repeat(60)}${String(i)}@example.com`)),
      ),
      times(350, (i) => raw.mail(`${'y'.repeat(60)}${String(i)}@example.com`)),
    ),
  ),
  line('URIs under constraints on hosts', null, () =>
    under(
      raw.nameConstraints(
        [],
        times(2000, (i) => raw.uri(`c${String(i)}.example`)),
      ),
      times(120, (i) => raw.uri(`https://${'u@'.repeat(200)}n${String(i)}.example/`)),
    ),
  ),
  line('directoryNames under constraints on directoryNames', null, () =>
    under(
      raw.nameConstraints(
        [],
        times(1000, (i) =>
          raw.directory(raw.nameOf(raw.rdn('2.5.4.11', encodeUtf8(WIDE)), raw.rdn('2.5.4.3', encodeUtf8(`c${String(i)}`)))),
        ),
      ),
      times(240, (i) =>
        raw.directory(raw.nameOf(raw.rdn('2.5.4.11', encodeUtf8(WIDE.repeat(4))), raw.rdn('2.5.4.3', encodeUtf8(`n${String(i)}`)))),
      ),
    ),
  ),
  line('ten certificates with constraints and names in each', 'name-constraints', () =>
    below(
      tower((i) => ({
        ...(i < 9
          ? {
              nc: raw.nameConstraints(
                [],
                times(300, (j) => raw.dns(`x${String(j)}.example`)),
              ),
            }
          : {}),
        san: raw.subjectAltName(times(18, (j) => raw.dns(`y${String(j)}.example`))),
      })),
    ),
  ),
  line('names of thousands of RDNs', null, () =>
    below(
      tower(
        () => ({}),
        () => ({ subject: raw.nameOf(...filling((i) => raw.rdn('2.5.4.3', encodeUtf8(String(i))), 34_000)) }),
      ),
    ),
  ),
  line('names of thousands of attributes in one RDN', null, () =>
    below(
      tower(
        () => ({}),
        () => ({
          subject: raw.nameOf(
            encodeTlv(0x31, ...filling((i) => encodeSequence(encodeOid('2.5.4.3'), encodeUtf8(String(i).padStart(5, '0'))), 34_000)),
          ),
        }),
      ),
    ),
  ),
  line('names that fold to eighteen times their length', null, () =>
    below(
      tower(
        () => ({}),
        () => ({ subject: raw.nameOf(raw.rdn('2.5.4.3', encodeUtf8(WIDE.repeat(10_000)))) }),
      ),
    ),
  ),
  line('names of combining marks in the wrong order', null, () =>
    below(
      tower(
        () => ({}),
        () => ({ subject: raw.nameOf(raw.rdn('2.5.4.3', encodeUtf8(`a${'\u0315\u0300\u05ae\u0300'.repeat(4000)}`))) }),
      ),
    ),
  ),
  line('names of white space', null, () =>
    below(
      tower(
        () => ({}),
        () => ({ subject: raw.nameOf(raw.rdn('2.5.4.3', encodeUtf8(`a${' '.repeat(31_000)}b`))) }),
      ),
    ),
  ),
  line('subjectAltNames of thousands of names', null, () =>
    below(tower(() => ({ san: raw.subjectAltName(filling((i) => raw.dns(`n${String(i)}`), 68_000)) }))),
  ),
  line('thousands of small extensions', null, () =>
    below(
      tower((j) =>
        Object.fromEntries(
          filling((i) => raw.extension(`1.3.${String(j)}.${String(i)}`, raw.NULL), 66_000).map((one, i) => [`x${String(i)}`, one]),
        ),
      ),
    ),
  ),
  line('policies and mappings by the thousand', 'bad-policy', () =>
    below(
      tower((i) => ({
        p: raw.policies(...times(1000, (j) => `1.3.${String(j)}`)),
        ...(i < 9
          ? { m: raw.mappings(...times(1000, (j): [string, string] => [`1.3.${String(j)}`, `1.3.${String((j + 1) % 1000)}`])) }
          : {}),
      })),
    ),
  ),
  line('one policy mapped to thousands', null, () =>
    below(
      tower((i) => ({
        p: raw.policies('1.3.1', '2.5.29.32.0'),
        ...(i < 9 ? { m: raw.mappings(...times(1000, (j): [string, string] => ['1.3.1', `1.3.${String(j)}`])) } : {}),
      })),
    ),
  ),
  line('every policy mapped to every other', null, () =>
    below(
      tower((i) => ({
        p: raw.policies(...times(33, (j) => `1.3.${String(j)}`)),
        ...(i < 9
          ? { m: raw.mappings(...times(1000, (j): [string, string] => [`1.3.${String(j % 31)}`, `1.3.${String(Math.floor(j / 31))}`])) }
          : {}),
      })),
    ),
  ),
  line('an integer of sixty thousand octets', null, () =>
    below(
      tower(() => ({
        basicConstraints: raw.extension('2.5.29.19', encodeSequence(raw.boolean(true), encodeTlv(2, Buffer.alloc(60_000, 0x55))), true),
      })),
    ),
  ),
  line('a set nested as deep as may be', 'malformed-cert', () => {
    let inner = encodeTlv(0x04, Buffer.alloc(50_000));
    for (let i = 0; i < 20; i += 1) inner = encodeTlv(0x31, encodeTlv(0x04), encodeTlv(0x31, inner));
    return below(tower(() => ({ san: raw.subjectAltName([encodeTlv(0xa0, encodeOid('1.2.3'), encodeTlv(0xa0, inner))]) })));
  }),
  line('a sequence nested by the thousand', 'malformed-cert', () => {
    let inner: Buffer = Buffer.alloc(0);
    for (let i = 0; i < 15_000; i += 1) inner = encodeTlv(0x30, inner.length > 60_000 ? Buffer.alloc(0) : inner);
    return below([inner]);
  }),
  line('a hundred thousand octets of empty sequences', 'malformed-cert', () =>
    below([encodeTlv(0x30, Buffer.alloc(64_000, Buffer.from([0x30, 0x00])))]),
  ),
  line('anchors by the thousand, all of the name that is asked for', null, () => {
    const path = tower(
      () => ({}),
      () => ({}),
      2,
    );
    return pathLine({ anchors: times(1000, () => raw.issueCa({ issuer: null, subject: 'root', key }).der), path });
  }),
  line('sixteen anchors that fit, and signatures that do not hold, P-521', 'bad-cert-signature', () => {
    const keys = raw.newEcKey('P-521');
    const strong = { algorithm: raw.ECDSA_SHA512, digest: 'sha512' };
    const top = raw.issueCa({ issuer: null, subject: 'top', key: keys, shape: strong });
    const cas: raw.Issued[] = [];
    for (let i = 0; i < 9; i += 1) cas.push(raw.issueCa({ issuer: cas.at(-1) ?? top, subject: `c${String(i)}`, key: keys, shape: strong }));
    const spoilt = { ...strong, signature: (s: Buffer) => Buffer.concat([s.subarray(0, -1), Buffer.from([(s.at(-1) ?? 0) ^ 1])]) };
    const end = raw.issueEndEntity({ issuer: cas.at(-1) ?? top, subject: 'leaf', key: keys, shape: spoilt });
    const anchors = times(16, () => raw.issueCa({ issuer: null, subject: 'top', key: keys, shape: strong }).der);
    return pathLine({ anchors, path: [end, ...cas.toReversed()].map(({ der }) => der) });
  }),
  line('anchors of the name, none of the identifier, on a dear curve', 'untrusted-chain', () => {
    const shape = { algorithm: raw.ECDSA_SHA384, digest: 'sha384' };
    const [signing, other] = [raw.newEcKey('P-384'), raw.newEcKey('P-384')];
    const end = raw.issueEndEntity({ issuer: raw.issueCa({ issuer: null, subject: 'top', key: signing, shape }), subject: 'leaf', shape });
    return pathLine({ anchors: times(800, () => raw.issueCa({ issuer: null, subject: 'top', key: other, shape }).der), path: [end.der] });
  }),
  line('elements that are no certificates, by the thousand', 'malformed-cert', () =>
    pathLine({ anchors: times(1000, () => Buffer.from([0x30, 0x00])), path: [leaf(root).der] }),
  ),
  line('anchors almost as large as certificates may be', null, () =>
    pathLine({
      anchors: times(
        12,
        (i) =>
          raw.issueCa({
            issuer: null,
            subject: 'root',
            key,
            extensions: { san: raw.subjectAltName(filling((j) => raw.dns(`n${String(i)}x${String(j)}`), 60_000)) },
          }).der,
      ),
      path: [leaf(root).der],
    }),
  ),
  line('CRL distribution points by the thousand', 'malformed-cert', () =>
    below(
      tower(() => ({
        points: raw.extension(
          '2.5.29.31',
          encodeSequence(...filling((i) => encodeSequence(encodeTlv(0xa0, encodeTlv(0xa0, raw.uri(`h${String(i)}`)))), 64_000)),
        ),
      })),
    ),
  ),
  line('numbers at the edge of every field', null, () =>
    below(tower(() => ({ x: raw.extension('2.5.29.36', encodeSequence(encodeTlv(0x80, Buffer.alloc(60_000, 0x7f))), true) }))),
  ),
];
