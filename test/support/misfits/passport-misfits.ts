import {
  OID,
  certificatePolicies,
  enhancedClaimConstraints,
  numberEntries,
  signStatement,
  subjectAltName,
  tnAuthList,
  type Statement,
} from '../../../src/issuance/index.js';
import type { Reason } from '../../../src/reasons/index.js';
import type { TrustProfile } from '../../../src/verification/verdict.js';
import { encodeClaimConstraints, type ClaimConstraints } from '../../../src/x509/index.js';
import { MAIL_DOMAIN, PROVIDER, SPC, delegate, mailProvider, mailbox, numberingAuthority, provider, shaken } from './fitting.js';
import { DAY, NOW, added, keyFor, replaced, type Link } from './link.js';
import { certificatesOf, changed, instant, lineOf, type Scene } from './scene.js';

/** The object that a line of `verify passport` holds (CONTRACT section 3). */
export interface PassportLine {
  readonly id: string;
  readonly passport: string;
  readonly chain?: readonly Uint8Array[];
  readonly anchors: Partial<Record<TrustProfile | 'crl', readonly Uint8Array[]>>;
  readonly crls: readonly Uint8Array[];
  readonly numbering: ReadonlyArray<{ readonly spc: string; readonly start: string; readonly count: number }>;
  readonly scopes?: Partial<Record<TrustProfile, readonly string[]>>;
  readonly audience: string;
  readonly client: string;
  readonly at: string;
}

/** One PASSporT that its credential does not carry, its one defect for a name, and the right one that it is one step away from. */
export interface PassportMisfit {
  readonly name: string;
  /** Number in standards: stir section 9; null: beyond that list. */
  readonly item: number | null;
  readonly reason: Reason;
  make(): PassportLine;
  twin(): PassportLine;
}

/** What is said, with which credential, by whom, and what the verifier knows. */
interface Case {
  readonly scene: Scene;
  readonly statement: Statement;
  readonly client: string;
  readonly now: number;
  readonly line?: (line: PassportLine, made: readonly Buffer[]) => PassportLine;
  /** Signs in place of the end-entity. */
  readonly signer?: string;
}

const BASE = { audience: 'dp.example', sii: 'tel:+12025550150', lifetime: 600 } as const;
const MAIL = { ...BASE, sii: `mailto:alice@${MAIL_DOMAIN}` } as const;
const MAPPING = { ssi: `mimi://${PROVIDER}/u/alice`, provider: PROVIDER } as const;
const register: Statement = { ...BASE, ...MAPPING, action: 'register', consent: 'app', purpose: 'consumer' };
const mailRegister: Statement = { ...MAIL, ...MAPPING, action: 'register', consent: 'app', purpose: 'consumer' };
const release: Statement = { ...BASE, action: 'release' };
const prefer: Statement = { ...BASE, ...MAPPING, action: 'prefer', consent: 'app', preference: { default: PROVIDER } };
const port: Statement = { ...BASE, action: 'port', from: SPC, to: '505X', effective: NOW + DAY };

const said = (scene: Scene, statement: Statement): Case => ({ scene, statement, client: PROVIDER, now: NOW });

let counter = 0;
/** Never the same octets twice: a jti is spent once. */
const random = (octets: number): Buffer => {
  counter += 1;
  const made = Buffer.alloc(octets);
  made.writeUInt32BE(counter, octets - 4);
  return made;
};

const lineFor = (id: string, { scene, statement, client, now, line, signer }: Case): PassportLine => {
  const { path, anchors, crls } = lineOf(id, scene);
  const key = keyFor(signer ?? 'end-entity');
  const right: PassportLine = {
    id,
    passport: signStatement(statement, { path: path.map((der) => Buffer.from(der)), key }, now, random),
    anchors: { [scene.profile]: anchors },
    crls,
    numbering: [{ spc: SPC, start: '12025550000', count: 1000 }],
    audience: BASE.audience,
    client,
    at: instant(NOW),
  };
  return line?.(right, certificatesOf(scene)) ?? right;
};

type Change = (right: Case) => Case;

const misfit = (item: number | null, name: string, reason: Reason, right: () => Case, change: Change, twin?: Change): PassportMisfit => ({
  name,
  item,
  reason,
  make: () => lineFor(name, change(right())),
  twin: () => lineFor(name, (twin ?? ((it) => it))(right())),
});

const byDelegate = (): Case => said(delegate(), register);
/** A delegate path that lacks nothing of SHAKEN's policies. */
const withPolicies = (): Case => {
  const policy = (link: Link): Link => added(link, certificatePolicies(OID.shakenPolicy));
  return said(changed(changed(delegate(), -1, policy), 1, policy), register);
};
const byProvider = (): Case => ({ ...said(provider(), release), client: 'np.example' });
const byMailbox = (): Case => said(mailbox(), mailRegister);
const byMailProvider = (): Case => said(mailProvider(), mailRegister);
const byAuthority = (): Case => ({ ...said(numberingAuthority(), port), client: 'np.example' });

const saying =
  (statement: Statement): Change =>
  (it) => ({ ...it, statement });
const knowing =
  (change: (line: PassportLine, made: readonly Buffer[]) => Partial<PassportLine>): Change =>
  (it) => ({
    ...it,
    line: (line, made) => ({ ...line, ...change(line, made) }),
  });
const changing =
  (change: (link: Link) => Link): Change =>
  (it) => ({ ...it, scene: changed(it.scene, -1, change) });
const both =
  (...changes: Change[]): Change =>
  (it) =>
    changes.reduce((made, change) => change(made), it);
const sii =
  (tn: string): Change =>
  (it) => ({ ...it, statement: { ...it.statement, sii: `tel:+${tn}` } });

const BOUND: ClaimConstraints = {
  form: 'enhanced',
  mustInclude: ['action', 'aud', 'provider'],
  permittedValues: new Map([['provider', [PROVIDER]]]),
  mustExclude: ['attest', 'origid', 'rcd', 'div', 'opt'],
};
const constrained = (more: Partial<ClaimConstraints>): Change =>
  changing((link) =>
    replaced(link, { oid: OID.enhancedClaimConstraints, critical: false, value: encodeClaimConstraints({ ...BOUND, ...more }) }),
  );
const permitting = (permitted: Readonly<Record<string, readonly string[]>>): Change =>
  changing((link) => replaced(link, enhancedClaimConstraints({ provider: PROVIDER, permitted })));

const numbers = (start: string, count: number): Change => changing((link) => replaced(link, tnAuthList(numberEntries([{ start, count }]))));
const mail = (...names: Parameters<typeof subjectAltName>[0]): Change => changing((link) => replaced(link, subjectAltName(names)));

/** The end-entity's claims under the CA's key, of which the certificate stands next in the path. */
const signedByCa = (it: Case): Case => ({ ...it, signer: 'NP CA' });

export const PASSPORT_MISFITS: readonly PassportMisfit[] = [
  misfit(
    28,
    'a path beside x5c that begins with another certificate',
    'credential-mismatch',
    byDelegate,
    knowing((_, made) => ({ chain: made.slice(1, 2) })),
    knowing((_, made) => ({ chain: made.slice(1).toReversed() })),
  ),
  misfit(32, 'a signature by the CA of the path', 'bad-signature', byDelegate, signedByCa),
  misfit(60, 'a delegate presented by another AP', 'ap-mismatch', byDelegate, (it) => ({ ...it, client: 'b.example' })),
  misfit(
    89,
    'a certificate that began after iat',
    'cert-validity-iat',
    byDelegate,
    both(
      changing((link) => ({ ...link, notBefore: NOW - 10 })),
      (it) => ({ ...it, now: NOW - 11 }),
    ),
    both(
      changing((link) => ({ ...link, notBefore: NOW - 10 })),
      (it) => ({ ...it, now: NOW - 10 }),
    ),
  ),
  misfit(
    93,
    'an anchor that may not speak for the calling code',
    'anchor-out-of-scope',
    byDelegate,
    knowing(() => ({ scopes: { delegate: ['49'] } })),
    knowing(() => ({ scopes: { delegate: ['49', '1'] } })),
  ),
  misfit(
    93,
    'an anchor that may not speak for the domain',
    'anchor-out-of-scope',
    byMailbox,
    knowing(() => ({ scopes: { email: ['other.example'] } })),
    knowing(() => ({ scopes: { email: [MAIL_DOMAIN] } })),
  ),
  misfit(121, 'a number just below the range', 'tn-out-of-scope', byDelegate, sii('12025550099'), sii('12025550100')),
  misfit(121, 'a number just after the range', 'tn-out-of-scope', byDelegate, sii('12025550200'), sii('12025550199')),
  misfit(121, 'a number with a digit more', 'tn-out-of-scope', byDelegate, sii('120255501500')),
  misfit(121, 'a number with a digit less', 'tn-out-of-scope', byDelegate, sii('1202555015')),
  misfit(
    123,
    'an SPC that the numbering data do not know',
    'spc-unknown',
    byDelegate,
    knowing(() => ({ numbering: [{ spc: '505X', start: '12025550000', count: 1000 }] })),
  ),
  misfit(
    123,
    'two SPCs over the number in the numbering data',
    'status-unavailable',
    byDelegate,
    knowing((line) => ({ numbering: [...line.numbering, { spc: '505X', start: '12025550150', count: 1 }] })),
    knowing((line) => ({ numbering: [...line.numbering, { spc: '505X', start: '12025550151', count: 1 }] })),
  ),
  misfit(
    124,
    'a number that is with another provider',
    'tn-out-of-scope',
    byDelegate,
    knowing(() => ({
      numbering: [
        { spc: SPC, start: '12025550000', count: 150 },
        { spc: '505X', start: '12025550150', count: 1 },
      ],
    })),
  ),
  misfit(
    124,
    'a number that is with nobody',
    'tn-out-of-scope',
    byDelegate,
    knowing(() => ({ numbering: [{ spc: SPC, start: '12025550000', count: 150 }] })),
    knowing(() => ({ numbering: [{ spc: SPC, start: '12025550000', count: 151 }] })),
  ),
  misfit(131, 'a mailbox signed for with a number’s credential', 'authority-type-mismatch', byDelegate, saying(mailRegister)),
  misfit(131, 'a number signed for with a mailbox’s credential', 'authority-type-mismatch', byMailbox, saying(register)),
  misfit(
    132,
    'another mailbox of the domain',
    'email-out-of-scope',
    byMailbox,
    saying({ ...mailRegister, sii: `mailto:bob@${MAIL_DOMAIN}` }),
  ),
  misfit(
    132,
    'a mailbox of a domain below',
    'email-out-of-scope',
    byMailProvider,
    saying({ ...mailRegister, sii: `mailto:alice@sub.${MAIL_DOMAIN}` }),
  ),
  misfit(
    132,
    'a mailbox of the domain above',
    'email-out-of-scope',
    byMailProvider,
    mail({ dns: `sub.${MAIL_DOMAIN}` }),
    mail({ dns: `sub.${MAIL_DOMAIN}` }, { dns: MAIL_DOMAIN }),
  ),
  misfit(132, 'a wildcard', 'email-out-of-scope', byMailProvider, mail({ dns: '*.example' })),
  misfit(133, 'a port signed by a delegate', 'claim-constraint', byDelegate, saying(port)),
  misfit(134, 'a release signed by a delegate', 'claim-constraint', byDelegate, saying(release)),
  misfit(
    null,
    'a port signed by an EP’s kind of credential',
    'authority-type-mismatch',
    () => said(mailProvider(), mailRegister),
    saying(port),
  ),
  misfit(
    null,
    'a register signed by the numbering authority',
    'action-not-authorised',
    byAuthority,
    both(saying(register), (it) => ({ ...it, client: PROVIDER })),
  ),
  misfit(
    null,
    'a port by the numbering authority from another than the provider of record',
    'tn-out-of-scope',
    byAuthority,
    saying({ ...port, from: '111A' }),
  ),
  misfit(
    null,
    'a prefer by a delegate that is not permitted it',
    'action-not-authorised',
    byDelegate,
    saying(prefer),
    both(saying(prefer), permitting({ action: ['register', 'prefer'] })),
  ),
  misfit(
    135,
    'a claim that must be included left out',
    'claim-constraint',
    byDelegate,
    constrained({ mustInclude: [...BOUND.mustInclude, 'circle'] }),
    constrained({ mustInclude: [...BOUND.mustInclude, 'purpose'] }),
  ),
  misfit(
    136,
    'another provider than the credential permits',
    'claim-constraint',
    byDelegate,
    both(saying({ ...register, ssi: 'mimi://b.example/u/alice', provider: 'b.example' }), (it) => ({ ...it, client: 'b.example' })),
  ),
  misfit(
    136,
    'a value that begins with one that is permitted',
    'claim-constraint',
    byDelegate,
    permitting({ consent: ['ap'] }),
    permitting({ consent: ['app'] }),
  ),
  misfit(136, 'a value in other case than permitted', 'claim-constraint', byDelegate, permitting({ consent: ['APP'] })),
  misfit(
    137,
    'a permitted value for a claim that is no string',
    'claim-constraint',
    byDelegate,
    both(saying(prefer), permitting({ action: ['prefer'], preference: ['{"default":"a.example"}'] })),
  ),
  misfit(
    138,
    'a claim that is excluded',
    'claim-constraint',
    byDelegate,
    constrained({ mustExclude: [...BOUND.mustExclude, 'purpose'] }),
    constrained({ mustExclude: [...BOUND.mustExclude, 'circle'] }),
  ),
  misfit(
    154,
    'a root that is trusted no more',
    'untrusted-chain',
    byDelegate,
    knowing(() => ({ anchors: { delegate: [] } })),
  ),
  misfit(
    null,
    'a delegate path under a SHAKEN anchor',
    'profile-violation',
    withPolicies,
    knowing((line) => ({ anchors: { shaken: line.anchors.delegate ?? [] } })),
  ),
  misfit(
    null,
    'a SHAKEN path under a delegate anchor',
    'profile-violation',
    () => ({ ...said(shaken(), release), client: 'np.example' }),
    knowing((line) => ({ anchors: { delegate: line.anchors.shaken ?? [] } })),
  ),
  misfit(
    null,
    'an anchor for CRLs alone',
    'untrusted-chain',
    byProvider,
    knowing((line) => ({ anchors: { crl: line.anchors.delegate ?? [] } })),
  ),
  misfit(null, 'a delegate for other numbers', 'tn-out-of-scope', byDelegate, numbers('12025550160', 40), numbers('12025550150', 1)),
];
