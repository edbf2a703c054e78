import { encodeTlv, encodeUtf8 } from '../../../src/encoding/index.js';
import type { Reason } from '../../../src/reasons/index.js';
import { signPassport } from '../../../src/passport/index.js';
import { fitting, lineOf as pathLineOf, NOW } from '../misfits/index.js';
import { keyFor } from '../misfits/link.js';
import { claimsOf } from '../passport-bench.js';
import * as raw from '../raw-certificate.js';
import * as list from '../raw-crl.js';
import { lineOf, times, type HostileLine } from './line.js';

/** Lines of `verify passport`. */

const key = raw.newEcKey();
const base64 = (ders: readonly Uint8Array[]): string[] => ders.map((der) => Buffer.from(der).toString('base64'));
const line = (name: string, reason: Reason | null, make: () => Buffer): HostileLine => ({ name, reason, entrance: 'passport', make });

/** A line that is accepted, but for what is changed. */
const fits = (change: object = {}, claims: Record<string, unknown> = {}): Buffer => {
  const { path, anchors, crls } = pathLineOf('hostile', fitting.delegate());
  return lineOf({
    id: 'hostile',
    passport: signPassport({ claims: claimsOf('register', claims), key: keyFor('end-entity').privateKey, x5c: path }),
    anchors: { delegate: base64(anchors) },
    crls: base64(crls),
    numbering: [{ spc: fitting.SPC, start: '12025550000', count: 1000 }],
    audience: 'dp.example',
    client: fitting.PROVIDER,
    at: new Date(NOW * 1000).toISOString(),
    ...change,
  });
};
const part = (text: string): string => Buffer.from(text).toString('base64url');
const token = (header: string, payload: string): string => `${part(header)}.${part(payload)}.${'A'.repeat(86)}`;

const chainOf = (extensions: Record<string, Buffer | null>, shape: Partial<raw.Shape> = {}): { chain: string[]; anchor: string } => {
  const root = raw.issueCa({ issuer: null, subject: 'root', key });
  const cas: raw.Issued[] = [];
  for (let i = 0; i < 4; i += 1) cas.push(raw.issueCa({ issuer: cas.at(-1) ?? root, subject: `ca ${String(i)}`, key, extensions, shape }));
  const end = raw.issueEndEntity({ issuer: cas.at(-1) ?? root, subject: 'leaf', key, extensions, shape });
  return { chain: base64([end, ...cas.toReversed()].map(({ der }) => der)), anchor: root.der.toString('base64') };
};
const heavyChain = (extensions: Record<string, Buffer | null>, shape: Partial<raw.Shape> = {}): Buffer => {
  const { chain, anchor } = chainOf(extensions, shape);
  const passport = signPassport({ claims: claimsOf('register'), key: key.privateKey, x5u: 'https://sti.example/a.pem' });
  const of = [anchor];
  return fits({
    passport,
    chain,
    anchors: { delegate: of, shaken: of, email: of, 'numbering-authority': of },
    revocation: 'off',
    at: new Date(NOW * 1000).toISOString(),
  });
};

export const PASSPORT_LINES: readonly HostileLine[] = [
  line('a line that is accepted', null, () => fits()),
  line('numbering of as many rows as fit', 'malformed-request', () =>
    fits({ numbering: times(26_000, (i) => ({ spc: '1', start: String(i), count: 1 })) }),
  ),
  line('numbering of rows that all overlap', 'malformed-request', () =>
    fits({ numbering: times(26_000, (i) => ({ spc: String(i % 1000), start: '10', count: 9 + (i % 80) })) }),
  ),
  line('scopes of as many codes as fit', null, () => fits({ scopes: { delegate: times(80_000, (i) => String(i)) } })),
  line('anchors by the thousand in every profile', 'untrusted-chain', () => {
    const anchors = base64(times(700, (i) => raw.issueCa({ issuer: null, subject: `root ${String(i)}`, key }).der));
    return fits({
      anchors: {
        delegate: anchors.slice(0, 350),
        shaken: anchors.slice(350),
        email: anchors.slice(0, 350),
        'numbering-authority': anchors.slice(350),
      },
    });
  }),
  line('anchors by the thousand, with scopes by the thousand', 'untrusted-chain', () => {
    const anchors = base64(times(900, (i) => raw.issueCa({ issuer: null, subject: `root ${String(i)}`, key }).der));
    return fits({ anchors: { delegate: anchors }, scopes: { delegate: times(60_000, (i) => String(i)) } });
  }),
  line('CRLs by the thousand', 'no-status-source', () => {
    const root = raw.issueCa({ issuer: null, subject: 'root', key });
    return fits({ crls: base64(times(1000, (i) => list.issueCrl(root, [], { number: BigInt(i) }))) });
  }),
  line('a CRL of thirty thousand entries', 'no-status-source', () => {
    const root = raw.issueCa({ issuer: null, subject: 'root', key });
    return fits({
      crls: base64([
        list.issueCrl(
          root,
          times(23_000, (i) => list.entry(Buffer.from([0x11, (i >> 8) & 0xff, i & 0xff]))),
        ),
      ]),
    });
  }),
  line('signers of CRLs by the thousand', null, () => {
    const root = raw.issueCa({ issuer: null, subject: 'root', key });
    return fits({ crlSigners: base64(times(1000, () => raw.issueCa({ issuer: root, subject: 'signer', key }).der)) });
  }),
  line('a PASSporT of a megabyte', 'token-too-large', () => fits({ passport: 'A'.repeat(1_000_000) })),
  line('a PASSporT of points', 'token-too-large', () => fits({ passport: '.'.repeat(1_000_000) })),
  line('a header of brackets', 'malformed-token', () => fits({ passport: token('['.repeat(11_000), '{}') })),
  line('a header of members', 'non-canonical', () => fits({ passport: token(`{${times(1000, (i) => `"${String(i)}":0`).join()}}`, '{}') })),
  line('a payload of members', 'non-canonical', () =>
    fits({
      passport: token(
        '{"alg":"ES256","ppt":"mimi","typ":"passport","x5u":"https://a.example/a"}',
        `{${times(1000, (i) => `"${String(i)}":0`).join()}}`,
      ),
    }),
  ),
  line('an x5c of scraps', 'malformed-chain', () =>
    fits({ passport: token(`{"alg":"ES256","ppt":"mimi","typ":"passport","x5c":[${times(2500, () => '""').join()}]}`, '{}') }),
  ),
  line('an x5u that is long', 'token-too-large', () =>
    fits({
      passport: token(
        `{"alg":"ES256","ppt":"mimi","typ":"passport","x5u":"https://${'a.'.repeat(5000)}example/${'%41'.repeat(1000)}"}`,
        '{}',
      ),
    }),
  ),
  line('a mail address that is long', 'non-canonical-uri', () =>
    fits({}, { orig: { uri: `mailto:${'a.'.repeat(2000)}b@${'xn--a.'.repeat(500)}example` } }),
  ),
  line('a name of the provider that is long', 'non-canonical-uri', () => fits({}, { provider: 'a.'.repeat(2000) })),
  line('claims of escapes', 'non-canonical', () =>
    fits({
      passport: token(
        '{"alg":"ES256","ppt":"mimi","typ":"passport","x5u":"https://a.example/a"}',
        `{"action":"${'\\u0061'.repeat(1500)}"}`,
      ),
    }),
  ),
  line('numbers without end', 'malformed-claims', () =>
    fits({ passport: token('{"alg":"ES256","ppt":"mimi","typ":"passport","x5u":"https://a.example/a"}', `{"iat":${'9'.repeat(11_000)}}`) }),
  ),
  line('a list of four hundred numbers in every certificate', 'action-not-authorised', () => {
    const entries = times(400, (i) => encodeTlv(0xa2, encodeTlv(0x16, Buffer.from(String(12_025_550_100 + 2 * i)))));
    return heavyChain({ list: raw.extension('1.3.6.1.5.5.7.1.26', encodeTlv(0x30, ...entries)) });
  }),
  line('claim constraints by the thousand', 'profile-violation', () => {
    const names = encodeTlv(0xa0, encodeTlv(0x30, ...times(1000, (i) => encodeTlv(0x16, Buffer.from(`c${String(i)}`)))));
    return heavyChain({ constraints: raw.extension('1.3.6.1.5.5.7.1.33', encodeTlv(0x30, names)) });
  }),
  line('certificates as large as may be, with names and constraints, under four profiles', 'authority-type-mismatch', () =>
    heavyChain({ san: raw.subjectAltName(times(250, (i) => raw.dns(`n${String(i)}.example`))) }),
  ),
  line('names that fold to eighteen times their length, under four profiles', 'cert-too-large', () =>
    heavyChain({}, { subject: raw.nameOf(raw.rdn('2.5.4.3', encodeUtf8('\ufdfa'.repeat(2200)))) }),
  ),
];
