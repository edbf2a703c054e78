import { encodeSequence, encodeTlv, encodeUtf8 } from '../../../src/encoding/index.js';
import type { Reason } from '../../../src/reasons/index.js';
import * as raw from '../raw-certificate.js';
import * as list from '../raw-crl.js';
import { pathLine, times, type HostileLine } from './line.js';

/** Paths with what may be said about their revocation. */

const key = raw.newEcKey();
const root = raw.issueCa({ issuer: null, subject: 'root', key });
const line = (name: string, reason: Reason | null, make: () => Buffer): HostileLine => ({ name, reason, entrance: 'path', make });

/** Eight CAs and an end-entity, all with these extensions. */
const tower = (extensions: Record<string, Buffer | null> = {}, height = 8): raw.Issued[] => {
  const cas: raw.Issued[] = [];
  for (let i = 0; i < height; i += 1) cas.push(raw.issueCa({ issuer: cas.at(-1) ?? root, subject: `ca ${String(i)}`, key, extensions }));
  return [raw.issueEndEntity({ issuer: cas.at(-1) ?? root, subject: 'leaf', key, extensions }), ...cas.toReversed()];
};
const ask = (path: readonly raw.Issued[], crls: readonly Uint8Array[], more: object = {}): Buffer =>
  pathLine({ anchors: [root.der], path: path.map(({ der }) => der), crls, revocation: 'required', ...more });

const serial = (i: number): Buffer => Buffer.from([0x51, ...Buffer.from(i.toString(16).padStart(8, '0'), 'hex')]);
const named = (i: number): Buffer => raw.nameOf(raw.rdn('2.5.4.3', encodeUtf8(`issuer ${String(i)}`)));
const places = (count: number): Buffer => list.fullName(...times(count, (i) => raw.uri(`http://crl.example/${String(i)}`)));
const otherPlaces = (count: number): Buffer => list.fullName(...times(count, (i) => raw.uri(`http://crl.example/x${String(i)}`)));
const INDIRECT = list.scope({ indirect: true });
/** The shortest entry that a CRL may have. */
const shortest = (i: number): Buffer =>
  encodeSequence(encodeTlv(2, Buffer.from([0x11, (i >> 16) & 0xff, (i >> 8) & 0xff, i & 0xff])), list.utcTime(raw.AT - 1000));

export const CRL_LINES: readonly HostileLine[] = [
  line('a CRL of thirty thousand entries', 'no-status-source', () => ask(tower(), [list.issueCrl(root, times(29_000, shortest))])),
  line('a CRL of thirty thousand entries that is the same entry', 'status-unavailable', () =>
    ask(tower(), [
      list.issueCrl(
        root,
        times(29_000, () => shortest(7)),
      ),
    ]),
  ),
  line('a CRL of thirty thousand entries that is the same entry, about the end-entity, by a trust profile', 'cert-revoked', () => {
    const path = [
      raw.issueEndEntity({ issuer: root, subject: 'leaf', key, shape: { serial: encodeTlv(2, Buffer.from([0x11, 0, 0, 7])) } }),
    ];
    return ask(
      path,
      [
        list.issueCrl(
          root,
          times(29_000, () => shortest(7)),
        ),
      ],
      { profile: 'delegate' },
    );
  }),
  line('an indirect CRL with another issuer in each entry', 'no-status-source', () =>
    ask(tower(), [
      list.issueCrl(
        root,
        times(9000, (i) => list.entry(serial(i), list.certificateIssuer(named(i % 4000)))),
        { extensions: [INDIRECT] },
      ),
    ]),
  ),
  line('an indirect CRL with issuers that fold to many times their length', 'no-status-source', () =>
    ask(tower(), [
      list.issueCrl(
        root,
        times(300, (i) =>
          list.entry(serial(i), list.certificateIssuer(raw.nameOf(raw.rdn('2.5.4.3', encodeUtf8('\ufdfa'.repeat(700) + String(i)))))),
        ),
        { extensions: [INDIRECT] },
      ),
    ]),
  ),
  line('entries with reasons, dates and extensions that mean nothing', 'no-status-source', () =>
    ask(tower(), [
      list.issueCrl(
        root,
        times(7000, (i) =>
          list.entry(serial(i), list.reasonCode(1), list.invalidityDate(raw.AT), raw.extension('1.2.3.4', Buffer.alloc(8))),
        ),
      ),
    ]),
  ),
  line('a CRL of thousands of extensions', 'no-status-source', () =>
    ask(tower(), [list.issueCrl(root, [], { extensions: times(30_000, (i) => raw.extension(`1.3.${String(i)}`, raw.NULL)) })]),
  ),
  line('a thousand CRLs of one issuer and scope', 'status-unavailable', () =>
    ask(
      tower(),
      times(1000, (i) => list.issueCrl(root, [], { number: BigInt(i) })),
    ),
  ),
  line('a thousand CRLs of one issuer, signed by nobody', 'status-unavailable', () => {
    const stranger = { ...root, key: raw.newEcKey() };
    return ask(
      tower(),
      times(1000, (i) => list.issueCrl(stranger, [], { number: BigInt(i), authority: null })),
    );
  }),
  line('a thousand CRLs that are none', 'malformed-crl', () =>
    ask(
      tower(),
      times(1000, () => Buffer.from([0x30, 0x00])),
    ),
  ),
  line('distribution points of many names, and CRLs of many others', 'status-unavailable', () => {
    const path = tower({ points: list.distributionPoints({ name: places(1500) }) }, 4);
    return ask(
      path,
      [...path.slice(1), root].map((issuer) => list.issueCrl(issuer, [], { extensions: [list.scope({ name: otherPlaces(1500) })] })),
    );
  }),
  line('many distribution points, and many CRLs', 'malformed-cert', () => {
    const path = tower({ points: list.distributionPoints(...times(900, (i) => ({ name: list.url(`http://c/${String(i)}`) }))) }, 2);
    return ask(
      path,
      times(800, (i) =>
        list.issueCrl(root, [], { number: BigInt(i), extensions: [list.scope({ name: list.url(`http://d/${String(i)}`) })] }),
      ),
    );
  }),
  line('distribution points that name many issuers of CRLs, and many CRLs', 'status-unavailable', () => {
    const issuers = encodeTlv(0xa2, ...times(1800, (i) => raw.directory(named(i))));
    const points = raw.extension('2.5.29.31', encodeSequence(encodeSequence(issuers)));
    const path = tower({ points }, 3);
    return ask(
      path,
      times(900, (i) => list.issueCrl(root, [], { number: BigInt(i), issuer: named(1799), extensions: [INDIRECT] })),
    );
  }),
  line('a thousand signers of the name, none of which is judged well', 'status-unavailable', () => {
    const bound = raw.nameConstraints(
      [],
      times(100, (i) => raw.dns(`x${String(i)}.example`)),
    );
    const lister = times(700, () =>
      raw.issueCa({
        issuer: root,
        subject: 'lister',
        key,
        extensions: { nc: bound.subarray(0, 0).length > 0 ? bound : null, san: raw.subjectAltName([raw.dns('a_b')]) },
      }),
    );
    const issuer = { ...root, name: raw.commonName('lister') };
    const points = raw.extension('2.5.29.31', encodeSequence(encodeSequence(encodeTlv(0xa2, raw.directory(raw.commonName('lister'))))));
    return ask(
      tower({ points }, 1),
      times(20, (i) => list.issueCrl(issuer, [], { number: BigInt(i), extensions: [INDIRECT] })),
      { crlSigners: lister.map(({ der }) => der) },
    );
  }),
  line('signers under a CA with constraints by the thousand', 'status-unavailable', () => {
    const upper = raw.issueCa({
      issuer: root,
      subject: 'upper',
      key,
      extensions: {
        nc: raw.nameConstraints(
          [],
          times(1900, (i) => raw.dns(`c${String(i)}.example`)),
        ),
      },
    });
    const lister = times(60, () =>
      raw.issueCa({
        issuer: upper,
        subject: 'lister',
        key,
        extensions: { san: raw.subjectAltName([...times(130, (i) => raw.dns(`n${String(i)}.example`))]) },
        shape: { signature: (s) => s.map((octet, i) => (i === s.length - 1 ? octet ^ 1 : octet)) as Buffer },
      }),
    );
    const issuer = { ...root, name: raw.commonName('lister') };
    const points = raw.extension('2.5.29.31', encodeSequence(encodeSequence(encodeTlv(0xa2, raw.directory(raw.commonName('lister'))))));
    return ask(tower({ points }, 1), [list.issueCrl(issuer, [], { extensions: [INDIRECT] })], {
      crlSigners: [...lister, upper].map(({ der }) => der),
    });
  }),
  line('signers that have signed each other', 'status-unavailable', () => {
    const stub = { der: Buffer.alloc(0), key, name: raw.commonName('lister') };
    const lister = times(900, () => raw.issueCa({ issuer: stub, subject: 'lister', key }));
    const points = raw.extension('2.5.29.31', encodeSequence(encodeSequence(encodeTlv(0xa2, raw.directory(raw.commonName('lister'))))));
    return ask(tower({ points }, 1), [list.issueCrl(stub, [], { extensions: [INDIRECT] })], { crlSigners: lister.map(({ der }) => der) });
  }),
  line('a thousand anchors for CRLs, and signers under none', 'status-unavailable', () => {
    const stub = { der: Buffer.alloc(0), key, name: raw.commonName('lister') };
    const lister = times(400, () => raw.issueCa({ issuer: stub, subject: 'lister', key }));
    const anchors = times(450, (i) => raw.issueCa({ issuer: null, subject: `anchor ${String(i)}`, key }));
    const points = raw.extension('2.5.29.31', encodeSequence(encodeSequence(encodeTlv(0xa2, raw.directory(raw.commonName('lister'))))));
    return ask(
      tower({ points }, 1),
      times(10, (i) => list.issueCrl(stub, [], { number: BigInt(i), extensions: [INDIRECT] })),
      {
        crlSigners: lister.map(({ der }) => der),
        crlAnchors: anchors.map(({ der }) => der),
      },
    );
  }),
  line('a CRL number of sixty thousand octets', 'malformed-crl', () =>
    ask(tower(), [
      list.issueCrl(root, [], { number: null, extensions: [raw.extension('2.5.29.20', encodeTlv(2, Buffer.alloc(700_000, 0x11)))] }),
    ]),
  ),
];
