import { X509Certificate, verify, type KeyObject } from 'node:crypto';
import { inspectLine } from '../../../src/cli/inspect-lines.js';
import { PassportLines } from '../../../src/verification/index.js';
import { answerPathLine } from '../../../src/verification/path-lines.js';
import { CertificateCache } from '../../../src/x509/index.js';
import { fitting } from '../../support/misfits/index.js';
import { mutateDer } from '../../support/mutation/der.js';
import { mutatePassport, repeatable, signedCompact, sorted } from '../../support/mutation/passport.js';
import type { Random } from '../../support/mutation/random.js';
import { signedAnew } from '../../support/mutation/signed.js';
import { mutateTextOctets } from '../../support/mutation/text.js';
import { AUTHORIZER, MAILBOX, POLICY, claimsOf } from '../../support/passport-bench.js';
import { AT } from '../../support/raw-certificate.js';
import { signPassport } from '../../../src/passport/index.js';
import { must, type Target } from '../target.js';
import { CA, CERTIFICATES, CRLS, LEAF, LEAF_CRLS, PLAYS, ROOT_CA, ROOT_CRL, TN_LISTS } from './material.js';

type Line = Record<string, unknown>;

const base64 = (ders: readonly Uint8Array[]): string[] => ders.map((der) => Buffer.from(der).toString('base64'));
const octetsOf = (line: Line): Buffer => Buffer.from(JSON.stringify(line));
const lineIn = (input: Buffer): Line | null => {
  try {
    const value: unknown = JSON.parse(input.toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Line) : null;
  } catch {
    return null;
  }
};

const listIn = (line: Line, member: string): string[] => {
  const list = line[member];
  return Array.isArray(list) ? list.filter((one) => typeof one === 'string') : [];
};

/** Changes one DER of a list, vouched for again or not. */
const withDer = (list: readonly string[], random: Random, keys: readonly KeyObject[]): string[] => {
  if (list.length === 0) return [];
  const place = random.below(list.length);
  const [der, donor] = [place, random.below(list.length)].map((at) => Buffer.from(list[at] ?? '', 'base64')) as [Buffer, Buffer];
  const mutant = mutateDer(der, random, donor);
  const signer = keys[place];
  const put = signer !== undefined && !random.once(4) ? signedAnew(mutant, signer) : mutant;
  return list.map((one, i) => (i === place ? put.toString('base64') : one));
};

const keysOf = (line: Line, member: 'path' | 'crls'): readonly KeyObject[] => {
  const { id } = line;
  if (id === 'rfc5280') return [CA, ROOT_CA].map(({ key }) => key.privateKey);
  const play = typeof id === 'string' ? PLAYS.get(id) : undefined;
  return (member === 'path' ? play?.pathKeys : play?.crlKeys) ?? [];
};

const RFC5280: Line = {
  id: 'rfc5280',
  anchors: base64([ROOT_CA.der]),
  path: base64([LEAF.der, CA.der]),
  crls: base64([...LEAF_CRLS.slice(0, 1), ROOT_CRL].map(({ der }) => der)),
  at: new Date(AT).toISOString(),
  profile: 'rfc5280',
  revocation: 'off',
  maxDepth: 3,
};

const pathLines = (): Buffer[] => [
  octetsOf(RFC5280),
  octetsOf({ ...RFC5280, revocation: 'when-named' }),
  ...[...PLAYS.values()].map(({ line }) =>
    octetsOf({ ...line, path: base64(line.path), anchors: base64(line.anchors), crls: base64(line.crls) }),
  ),
];

const mutatePathLine: Target['mutate'] = (input, random, donor) => {
  const line = lineIn(input);
  if (line === null || random.once(6)) return mutateTextOctets(input, random, donor);
  const member = random.once(4) ? 'crls' : random.once(12) ? 'anchors' : 'path';
  const keys = member === 'anchors' ? [] : keysOf(line, member);
  return octetsOf({ ...line, [member]: withDer(listIn(line, member), random, keys) });
};

const certificateIn = (text: string | undefined): X509Certificate => new X509Certificate(Buffer.from(text ?? '', 'base64'));

/** The keys of anchors; one that OpenSSL has no key for vouches for nothing. */
const keysIn = (anchors: readonly string[]): KeyObject[] =>
  anchors.flatMap((anchor) => {
    const { publicKey } = certificateIn(anchor);
    return publicKey.asymmetricKeyType === undefined ? [] : [publicKey];
  });

/**
 * standards: pki section 7: what is accepted, OpenSSL can read too, and finds signed by the next one. An anchor in band is known by subject and key, and
 * the configured one is used: what else the one in band says counts for nothing, its signature neither.
 */
const checkSigned = (path: readonly string[], anchors: readonly string[]): void => {
  const [certificates, keys] = [path.map(certificateIn), keysIn(anchors)];
  certificates.forEach((certificate, i) => {
    const above = certificates[i + 1];
    const isAnchor = above === undefined && keys.some((key) => key.equals(certificate.publicKey));
    const issuers = above === undefined ? keys : [above.publicKey];
    must(isAnchor || issuers.some((key) => certificate.verify(key)), 'accepted without a signature that OpenSSL finds');
  });
};

interface Answered {
  readonly accepted: boolean;
  readonly reason: string | null;
  readonly position?: number | null;
  readonly steps?: ReadonlyArray<{ readonly step: string }>;
}
const labelOf = ({ accepted, reason, position, steps }: Answered): string => {
  must(accepted === (reason === null) && reason !== 'internal-error', `answered with ${String(reason)}`);
  return accepted ? 'accepted' : `${String(reason)} ${String(position ?? steps?.at(-1)?.step)}`;
};

const pathCache = new CertificateCache(100);
const PATH: Target = {
  name: 'lines of verify path',
  share: 6_000,
  seeds: pathLines,
  mutate: mutatePathLine,
  run: (input) => {
    const answer = answerPathLine(input, pathCache);
    if (answer.accepted) {
      const line = lineIn(input);
      checkSigned(line === null ? [] : listIn(line, 'path'), line === null ? [] : listIn(line, 'anchors'));
    }
    return `${labelOf(answer)} ${String(answer.id).slice(0, 20)}`;
  },
};

const isMail = (id: string): boolean => id.startsWith('mail');
const claimsFor = (id: string): Line => claimsOf(id === 'numbering authority' ? 'port' : 'register', isMail(id) ? MAILBOX : {});

const passportLines = (): Buffer[] =>
  [...PLAYS.entries()].map(([id, { line, endEntityKey }]) =>
    octetsOf({
      id,
      passport: repeatable(signPassport({ claims: claimsFor(id), key: endEntityKey, x5c: line.path }), endEntityKey),
      anchors: { [line.profile]: base64(line.anchors) },
      crls: base64(line.crls),
      numbering: [
        { spc: fitting.SPC, start: '12025550000', count: 1000 },
        { spc: '505X', start: '13035550000', count: 1000 },
      ],
      audience: 'dp.example',
      client: fitting.PROVIDER,
      at: line.at,
    }),
  );

const mutatePassportLine: Target['mutate'] = (input, random, donor) => {
  const line = lineIn(input);
  const play = line !== null && typeof line['id'] === 'string' ? PLAYS.get(line['id']) : undefined;
  if (line === null || play === undefined || typeof line['passport'] !== 'string' || random.once(6))
    return mutateTextOctets(input, random, donor);
  if (random.once(5)) return octetsOf({ ...line, crls: withDer(listIn(line, 'crls'), random, play.crlKeys) });
  if (random.once(4)) return octetsOf({ ...line, ...inPassport(line['passport'], random, play) });
  const other = lineIn(donor)?.['passport'];
  return octetsOf({
    ...line,
    passport: mutatePassport(line['passport'], random, typeof other === 'string' ? other : '', play.endEntityKey),
  });
};

/** Changes a certificate of the path in the header. */
const inPassport = (passport: string, random: Random, play: NonNullable<ReturnType<typeof PLAYS.get>>): Line => {
  const [header = '', payload = ''] = passport.split('.');
  const members = lineIn(Buffer.from(header, 'base64url'));
  if (members === null) return {};
  const x5c = withDer(listIn(members, 'x5c'), random, play.pathKeys);
  const input = `${Buffer.from(JSON.stringify(sorted({ ...members, x5c }))).toString('base64url')}.${payload}`;
  return { passport: `${input}.${signedCompact(input, play.endEntityKey)}` };
};

/** Node's own ES256 of what was signed, under the certificate that the header brings. */
const checkPassportSigned = (input: Buffer): void => {
  const passport = lineIn(input)?.['passport'];
  if (typeof passport !== 'string') return must(false, 'accepted without a PASSporT');
  const [header = '', payload = '', signature = ''] = passport.split('.');
  const [first] = listIn(lineIn(Buffer.from(header, 'base64url')) ?? {}, 'x5c');
  const key = { key: certificateIn(first).publicKey, dsaEncoding: 'ieee-p1363' as const };
  const holds = verify('sha256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'));
  must(holds, 'accepted without a signature that OpenSSL finds');
};

let passportLine: PassportLines | null = null;
const PASSPORT: Target = {
  name: 'lines of verify passport',
  share: 5_000,
  seeds: passportLines,
  mutate: mutatePassportLine,
  run: (input) => {
    passportLine ??= new PassportLines({ policy: POLICY, authorizer: AUTHORIZER });
    const answer = passportLine.answer(input);
    if (answer.accepted) checkPassportSigned(input);
    return `${labelOf(answer)} ${String(answer.id).slice(0, 20)}`;
  },
};

const inspected = (): Buffer[] => [
  ...[...CERTIFICATES, ...CRLS].map(({ der }, i) => octetsOf({ id: `d${String(i)}`, der: der.toString('base64') })),
  ...TN_LISTS.map((der) => octetsOf({ id: 'list', der: der.toString('base64') })),
  ...passportLines()
    .slice(0, 3)
    .map((line) => octetsOf({ id: 'p', text: lineIn(line)?.['passport'] })),
];

const INSPECT: Target = {
  name: 'lines of inspect',
  share: 15_000,
  seeds: inspected,
  mutate: (input, random, donor) => {
    const [line, other] = [lineIn(input), lineIn(donor)];
    if (line === null || random.once(8)) return mutateTextOctets(input, random, donor);
    const { der, text } = line;
    if (typeof text === 'string')
      return octetsOf({ ...line, text: mutatePassport(text, random, typeof other?.['text'] === 'string' ? other['text'] : '', null) });
    const from = Buffer.from(typeof other?.['der'] === 'string' ? other['der'] : '', 'base64');
    return octetsOf({ ...line, der: mutateDer(Buffer.from(String(der), 'base64'), random, from).toString('base64') });
  },
  run: (input) => {
    const { ok, kind, reason, findings } = inspectLine(input) as {
      ok: boolean;
      kind: string | null;
      reason: string | null;
      findings: object[];
    };
    must(reason !== 'internal-error' && ok === (reason === null), `answered with ${String(reason)}`);
    return `${reason ?? 'accepted'} ${String(kind)} ${String(findings.length)}`;
  },
};

export const LINES: readonly Target[] = [PATH, PASSPORT, INSPECT];
