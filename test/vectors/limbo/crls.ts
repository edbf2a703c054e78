import { encodeIa5 } from '../../../src/encoding/index.js';
import * as raw from '../../support/raw-certificate.js';
import * as list from '../../support/raw-crl.js';
import { ca, fails, leaf, rootCa, succeeds, type Extensions, type Graph, type LimboCase, type Options } from './graph.js';

/** CRLs. Every graph with a CRL is asked about with revocation required. */

const DAY = 86_400_000;
const AT = Date.parse('2024-01-01T00:00:00Z');

let serials = 1n;
const newSerial = (): Buffer => {
  serials += 1n;
  return Buffer.from([0x51, ...Buffer.from(serials.toString(16).padStart(16, '0'), 'hex')]);
};
const other = (...extensions: Buffer[]): Buffer => list.entry(newSerial(), ...extensions);

interface Made {
  readonly root: raw.Issued;
  readonly peer: raw.Issued;
  readonly serial: Buffer;
}

const crl = (signer: raw.Issued, entries: readonly Buffer[], parts: Partial<list.CrlParts> = {}): Buffer =>
  list.issueCrl(signer, entries, { thisUpdate: AT - DAY, nextUpdate: AT + 30 * DAY, ...parts });

/** A root, an end-entity with a serial number of its own, and the CRLs that are at hand. */
const listed = (crls: (made: Made) => readonly Buffer[], root: Extensions = {}, peer: Options = {}): Graph => {
  const serial = newSerial();
  const top = rootCa({ extensions: root });
  const end = leaf(top, { ...peer, shape: { serial: Buffer.concat([Buffer.from([2, serial.length]), serial]), ...peer.shape } });
  return { trusted: [top], peer: end, crls: crls({ root: top, peer: end, serial }), at: '2024-01-01T00:00:00Z' };
};
const one = (entries: readonly Buffer[], parts?: Partial<list.CrlParts>, root?: Extensions, peer?: Options): Graph =>
  listed(({ root: signer }) => [crl(signer, entries, parts)], root, peer);

const UNKNOWN = (critical: boolean): Buffer => raw.extension('1.3.6.1.4.1.55738.666.1', Buffer.alloc(0), critical);
const PLACE = 'http://example.com/partition.crl';
const named = (...places: Buffer[]): Options => ({
  extensions: { points: list.distributionPoints({ name: list.fullName(...places) }) },
});
const scoped = (scope: list.ScopeParts, peer?: Options): Graph => one([], { extensions: [list.scope(scope)] }, {}, peer);

const anotherIssuer = (): Graph =>
  listed(({ root, serial }) => [crl(root, []), crl(rootCa({ subject: 'root of others' }), [list.entry(serial)])]);

const userCertsOnly = (): Graph => {
  const root = rootCa();
  const middle = ca(root);
  return {
    trusted: [root],
    bag: [middle],
    peer: leaf(middle),
    crls: [crl(root, [], { extensions: [list.scope({ only: 'user' })] }), crl(middle, [])],
    at: '2024-01-01T00:00:00Z',
  };
};

export const CRL_CASES: readonly LimboCase[] = [
  fails('crl::revoked-certificate-with-crl', () => listed(({ root, serial }) => [crl(root, [list.entry(serial)])])),
  fails('crl::crlnumber-missing', () => one([other()], { number: null })),
  succeeds('crl::certificate-not-on-crl', () => one([other(), other()])),
  succeeds('crl::certificate-serial-on-crl-different-issuer', anotherIssuer),
  fails('crl::crlnumber-critical', () => one([other()], { number: null, extensions: [list.crlNumber(12345n, true)] })),
  fails('crl::issuer-missing-crlsign', () => one([other()], {}, { keyUsage: raw.keyUsage([5], false) })),
  succeeds('crl::issuer-no-keyusage-extension', () => one([other()], {}, { keyUsage: null })),
  succeeds('crl::issuer-valid-crlsign-and-keycertsign', () => one([other()])),
  fails('crl::crl-invalid-signature', () => listed(({ root }) => [crl({ ...root, key: raw.newEcKey() }, [other()])])),
  fails('crl::crl-wrong-signing-key', () => listed(({ root }) => [crl({ ...rootCa(), name: root.name }, [other()])])),
  succeeds('crl::crl-empty', () => one([])),
  succeeds('crl::crl-very-large', () => one(Array.from({ length: 10_000 }, () => other()))),
  fails('crl::crl-unknown-critical-extension', () => one([other()], { extensions: [UNKNOWN(true)] })),
  succeeds('crl::crl-unknown-noncritical-extension', () => one([other()], { extensions: [UNKNOWN(false)] })),
  fails('crl::entry-unknown-critical-extension', () => listed(({ root, serial }) => [crl(root, [list.entry(serial, UNKNOWN(true))])])),
  fails('crl::entry-unknown-noncritical-extension', () => listed(({ root, serial }) => [crl(root, [list.entry(serial, UNKNOWN(false))])])),
  fails('crl::crl-duplicate-revoked-serial', () => {
    const twice = other();
    return one([twice, twice]);
  }),
  fails('crl::this-update-in-future', () => one([], { thisUpdate: AT + DAY, nextUpdate: AT + 30 * DAY })),
  fails('crl::next-update-in-past', () => one([], { thisUpdate: AT - 60 * DAY, nextUpdate: AT - 30 * DAY })),
  // The date in an entry of ours lies in 2026, after the instant of the judgement.
  fails('crl::revocation-date-in-future', () => listed(({ root, serial }) => [crl(root, [list.entry(serial)])])),
  fails('crl::revocation-date-before-not-before', () =>
    listed(({ root, serial }) => [crl(root, [list.entry(serial)], { thisUpdate: AT + 1200 * DAY - 1 })], {}, {}),
  ),
  fails('crl::crl-validity-no-overlap', () =>
    one([], { thisUpdate: AT - 365 * DAY, nextUpdate: AT - 180 * DAY }, {}, { shape: { notBefore: new Date(AT - 30 * DAY) } }),
  ),
  fails('crl::idp-cdp-scope-mismatch', () => scoped({ name: list.url('http://example.com/other.crl') }, named(raw.uri(PLACE)))),
  succeeds('crl::idp-cdp-scope-match', () => scoped({ name: list.url(PLACE) }, named(raw.uri(PLACE)))),
  fails('crl::idp-only-contains-user-certs-ca-target', userCertsOnly),
  fails('crl::idp-only-contains-ca-certs-ee-target', () => scoped({ only: 'ca' })),
  fails('crl::idp-present-certificate-missing-cdp', () => scoped({ name: list.url(PLACE) })),
  fails('crl::idp-only-contains-attribute-certs', () => scoped({ only: 'attribute' })),
  fails('crl::idp-name-relative-to-crl-issuer', () =>
    scoped({ name: list.relativeName(raw.rdn('2.5.4.3', encodeIa5('partition')).subarray(2)) }),
  ),
  fails('crl::idp-only-some-reasons-no-complete-crl', () => scoped({ name: list.url(PLACE), reasons: [1] }, named(raw.uri(PLACE)))),
  fails('crl::idp-uri-not-byte-identical', () =>
    scoped({ name: list.url('http://example.com/crls/shard.crl') }, named(raw.uri('http://example.com/crls/%73hard.crl'))),
  ),
];
