import { encodeIa5 } from '../../../src/encoding/index.js';
import * as raw from '../../support/raw-certificate.js';
import { bounded, ca, cn, fails, leaf, rootCa, succeeds, type Graph, type LimboCase } from './graph.js';

/** Lengths, times, and graphs that lead a builder of paths astray. */

/** A root, and CAs with these path lengths below it. */
const lengths = (...all: number[]): Graph => {
  const root = rootCa();
  const cas: raw.Issued[] = [];
  for (const length of all) cas.push(bounded(cas.at(-1) ?? root, length));
  return { trusted: [root], bag: cas, peer: leaf(cas.at(-1) ?? root) };
};

const lengthInLeaf = (): Graph => {
  const root = rootCa();
  const first = bounded(root, 0);
  return { trusted: [root], bag: [first], peer: bounded(first, 0) };
};

const selfIssued = (): Graph => {
  const root = rootCa();
  const first = bounded(root, 1, { subject: 'rolled over' });
  const second = bounded(first, 1, { subject: 'rolled over' });
  const third = bounded(second, 0);
  return { trusted: [root], bag: [first, second, third], peer: leaf(third) };
};

const depth = (maxDepth: number, subjects: (string | undefined)[]): Graph => {
  const root = rootCa({ subject: 'depth root' });
  const cas: raw.Issued[] = [];
  for (const subject of subjects) cas.push(ca(cas.at(-1) ?? root, subject === undefined ? {} : { subject }));
  return { trusted: [root], bag: cas, peer: leaf(cas.at(-1) ?? root), maxDepth };
};

const year = (from: number, to: number): { notBefore: Date; notAfter: Date } => ({
  notBefore: new Date(`${String(from)}-01-01T00:00:00Z`),
  notAfter: new Date(`${String(to)}-01-01T00:00:00Z`),
});

const expired = (root: number, middle: number, end: number): Graph => {
  const top = rootCa({ shape: year(2016, root) });
  const between = ca(top, { shape: year(2016, middle) });
  return { trusted: [top], bag: [between], peer: leaf(between, { shape: year(2018, end) }), at: '2022-01-01T00:00:00Z' };
};

const exactly = (at: string, from = '2024-03-01T00:00:00Z'): Graph => {
  const shape = { notBefore: new Date(from), notAfter: new Date('2024-04-01T00:00:00Z') };
  const root = rootCa({ shape });
  const middle = ca(root, { shape });
  return { trusted: [root], bag: [middle], peer: leaf(middle, { shape }), at };
};

/** Two roots are trusted; one is also there as a CA of the other's that has run out. */
const chainOfPain = (): Graph => {
  const root = rootCa({ subject: 'root one' });
  const other = rootCa({ subject: 'root two' });
  const old = bounded(other, 1, { subject: 'root one', key: root.key, shape: { notAfter: new Date('1988-11-25T00:00:00Z') } });
  return { trusted: [root, other], bag: [old], peer: leaf(root) };
};

const cycle = (first: string, second: string, usage: boolean, maxDepth?: number): Graph => {
  const [a, b] = [raw.newEcKey(), raw.newEcKey()];
  const extensions = usage ? {} : { keyUsage: null };
  const stub = (key: raw.KeyPair, subject: string): raw.Issued => ({ der: Buffer.alloc(0), key, name: cn(subject) });
  const one = ca(stub(b, second), { key: a, subject: first, extensions });
  const two = ca(stub(a, first), { key: b, subject: second, extensions });
  return { trusted: [rootCa()], bag: [one, two], peer: leaf(one), ...(maxDepth === undefined ? {} : { maxDepth }) };
};

/** CVE-2024-0567: the way up goes through a root that two others have cross-signed. */
const crossSigned = (): Graph => {
  const root = rootCa({ subject: 'Root A' });
  const others = ['Root B', 'Root C'].map((subject) => rootCa({ subject }));
  const all = [root, ...others];
  const crossed = all.flatMap((subject, i) =>
    all.flatMap((issuer, j) => (i === j ? [] : [ca(issuer, { subject: ['Root A', 'Root B', 'Root C'][i] ?? '', key: subject.key })])),
  );
  const [a1, ...more] = all.map((issuer) => ca(issuer)) as [raw.Issued, raw.Issued, raw.Issued];
  const peer = leaf(a1, {
    shape: { subject: raw.nameOf() },
    extensions: { san: raw.subjectAltName([raw.dns('cve-2024-0567.example.com')], true) },
  });
  return { trusted: [root], bag: [a1, ...crossed, ...more], peer, names: ['cve-2024-0567.example.com'] };
};

/** Constraints by the thousand against names by the hundred. */
const manyNames = (names: readonly Buffer[], subject: Buffer, permitted: readonly Buffer[], excluded: readonly Buffer[]): Graph => {
  const root = rootCa({ extensions: { nc: raw.nameConstraints([...permitted], [...excluded]) } });
  const san = names.length === 0 ? null : raw.subjectAltName([...names], true);
  return { trusted: [root], peer: leaf(root, { shape: { subject }, extensions: { san } }), names: ['t0.test'] };
};
const numbered = (count: number, of: (i: number) => Buffer): Buffer[] => Array.from({ length: count }, (_, i) => of(i));
const mails = (count: number): Buffer =>
  raw.nameOf(...numbered(count, (i) => raw.rdn('1.2.840.113549.1.9.1', encodeIa5(`t${String(i)}@test`))));
const host = (letter: string) => (i: number) => raw.dns(`${letter}${String(i)}.test`);
const box = (letter: string) => (i: number) => raw.mail(`${letter}${String(i)}@test`);

/** A ladder: at every step several certificates fit, and none leads to the root. */
const ladder = (same: 'subject' | 'key' | 'both' | 'neither'): Graph => {
  const shared = raw.newEcKey();
  const keyOf = (): raw.KeyPair => (same === 'key' || same === 'both' ? shared : raw.newEcKey());
  const subjectOf = (step: number): string => (same === 'subject' || same === 'both' ? 'ladder' : `ladder ${String(step)}`);
  let tops = [rootCa({ subject: subjectOf(0), key: keyOf() })];
  const bag: raw.Issued[] = [];
  for (let step = 1; step <= 6; step += 1) {
    const next = [0, 1, 2].map(() => ca(tops[step % tops.length] as raw.Issued, { subject: subjectOf(step), key: keyOf() }));
    bag.push(...next);
    tops = next;
  }
  return { trusted: [rootCa()], bag, peer: leaf(tops[0] as raw.Issued) };
};

export const PATH_CASES: readonly LimboCase[] = [
  succeeds('pathlen::ee-with-intermediate-pathlen-0', () => lengths(0)),
  succeeds('pathlen::ee-with-intermediate-pathlen-1', () => lengths(1)),
  succeeds('pathlen::ee-with-intermediate-pathlen-2', () => lengths(2)),
  succeeds('pathlen::validation-ignores-pathlen-in-leaf', lengthInLeaf),
  fails('pathlen::intermediate-violates-pathlen-0', () => lengths(0, 0)),
  succeeds('pathlen::intermediate-pathlen-may-increase', () => lengths(1, 2)),
  fails('pathlen::intermediate-pathlen-too-long', () => lengths(1, 0, 0)),
  succeeds('pathlen::self-issued-certs-pathlen', selfIssued),
  succeeds('pathlen::max-chain-depth-0', () => depth(0, [])),
  fails('pathlen::max-chain-depth-0-exhausted', () => depth(0, [undefined])),
  succeeds('pathlen::max-chain-depth-0-self-issued', () => depth(0, ['depth root'])),
  succeeds('pathlen::max-chain-depth-1', () => depth(1, [undefined])),
  fails('pathlen::max-chain-depth-1-exhausted', () => depth(1, [undefined, undefined])),
  succeeds('pathlen::max-chain-depth-1-self-issued', () => depth(1, ['rolled', 'rolled'])),
  fails('rfc5280::validity::expired-root', () => expired(2020, 2026, 2023)),
  fails('rfc5280::validity::expired-intermediate', () => expired(2026, 2020, 2023)),
  fails('rfc5280::validity::expired-leaf', () => expired(2026, 2026, 2021)),
  succeeds('rfc5280::validity::notbefore-exact', () => exactly('2024-03-01T00:00:00Z')),
  fails('rfc5280::validity::notbefore-fractional', () => exactly('2024-03-01T00:00:00.999Z', '2024-03-01T00:00:01Z')),
  succeeds('rfc5280::validity::notafter-exact', () => exactly('2024-04-01T00:00:00Z')),
  succeeds('rfc5280::validity::notafter-fractional', () => exactly('2024-04-01T00:00:00.005Z')),
  succeeds('pathological::multiple-chains-expired-intermediate', chainOfPain),
  fails('pathological::intermediate-cycle-distinct-cas', () => cycle('ca1', 'ca2', true)),
  fails('pathological::intermediate-cycle-distinct-cas-max-depth', () => cycle('ca1', 'ca2', true, 255)),
  fails('pathological::intermediate-cycle-same-logical-ca', () => cycle('same', 'same', false)),
  fails('pathological::nc-dos-1', () =>
    manyNames(
      [...numbered(513, host('t')), raw.dns('.test')],
      raw.nameOf(),
      [...numbered(513, host('t')), raw.dns('.test')],
      numbered(513, host('x')),
    ),
  ),
  fails('pathological::nc-dos-2', () =>
    manyNames([raw.dns('t0.test')], mails(513), numbered(513, box('t')), [...numbered(513, box('x')), ...numbered(513, host('x'))]),
  ),
  fails('pathological::nc-dos-3', () => manyNames([raw.dns('t0.test')], mails(1025), numbered(1025, box('t')), numbered(1025, box('x')))),
  ...(['subject', 'key', 'both', 'neither'] as const).map((same) =>
    fails(`pathological::pathological-chain-same-${same}`, () => ladder(same)),
  ),
  succeeds('cve::cve-2024-0567', crossSigned),
];
