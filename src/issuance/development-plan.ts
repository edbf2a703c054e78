import type { TrustProfile } from '../verification/verdict.js';
import type { CaContent } from './authority.js';
import type { Curve } from './keys.js';
import { OID } from './object-identifiers.js';
import type { NumberRange } from './numbers.js';
import { subjectName } from './subject-name.js';

/** The people and numbers of the development PKI. Nothing here is real: 555-01xx style numbers, names under `.example`. */
export const AUDIENCE = 'dp.example';

export interface PlannedProvider {
  readonly spc: string;
  /** The domain of its client certificate. */
  readonly domain: string;
  readonly name: string;
  readonly holds: NumberRange;
}

export const PROVIDERS: readonly PlannedProvider[] = [
  { spc: '709J', domain: 'np1.example', name: 'Northern Telephone', holds: { start: '12025550000', count: 10_000 } },
  { spc: '505X', domain: 'np2.example', name: 'Southern Telephone', holds: { start: '13035550000', count: 10_000 } },
];

export interface PlannedApplication {
  readonly domain: string;
  readonly class: 'consumer' | 'business';
  /** Its own numbers first, then those that every AP may map: a number can be with several services. */
  readonly numbers: readonly NumberRange[];
}

const SHARED: NumberRange = { start: '12025550400', count: 50 };

export const APPLICATIONS: readonly PlannedApplication[] = [
  { domain: 'a.example', class: 'consumer', numbers: [{ start: '12025550100', count: 100 }, SHARED] },
  { domain: 'b.example', class: 'consumer', numbers: [{ start: '12025550200', count: 100 }, SHARED] },
  { domain: 'biz.example', class: 'business', numbers: [{ start: '12025550300', count: 100 }, SHARED] },
];

export const MAIL = { domain: 'mail.example', mailbox: 'alice@mail.example', provider: 'a.example' } as const;

export const STAFF = [
  { domain: 'auditor.example', kind: 'auditor' },
  { domain: 'operator.example', kind: 'operator' },
] as const;

/** A CA of the development PKI. `parent` null: a root, and with a profile an anchor. */
export interface PlannedAuthority {
  readonly name: string;
  readonly parent: string | null;
  readonly profile: TrustProfile | null;
  readonly curve?: Curve;
  readonly content: CaContent;
}

const named = (commonName: string, organization = 'Signpost Development'): Buffer =>
  subjectName({ country: 'US', organization, commonName });

const crlUrl = (name: string): { url: string } => ({ url: `http://crl.dp.example/${name}.crl` });

const numberProviderCa = ({ spc, name }: PlannedProvider): PlannedAuthority => ({
  name: `np-${spc}`,
  parent: 'delegate-root',
  profile: null,
  content: { subject: named(`NP CA ${spc}`, name), numbers: [{ spc }] },
});

/** Issuers before those they issue. The shapes are those of standards: profiles, "Shapes that must be accepted". */
export const AUTHORITIES: readonly PlannedAuthority[] = [
  { name: 'delegate-root', parent: null, profile: 'delegate', content: { subject: named('Delegate Root') } },
  ...PROVIDERS.map(numberProviderCa),
  { name: 'shaken-root', parent: null, profile: 'shaken', content: { subject: named('SHAKEN ROOT') } },
  {
    name: 'shaken-ca-1',
    parent: 'shaken-root',
    profile: null,
    content: { subject: named('SHAKEN CA 1'), policies: [OID.shakenPolicy], crl: crlUrl('shaken-root') },
  },
  { name: 'email-root', parent: null, profile: 'email', content: { subject: named('Mail Root') } },
  { name: 'ep-ca', parent: 'email-root', profile: null, content: { subject: named('EP CA') } },
  { name: 'mailbox-ca', parent: 'email-root', profile: null, content: { subject: named('Mailbox CA'), mailboxes: [MAIL.domain] } },
  { name: 'numbering-authority', parent: null, profile: 'numbering-authority', content: { subject: named('Numbering Authority') } },
  { name: 'tls-ca', parent: null, profile: null, content: { subject: named('TLS CA') } },
];

/** The distribution point of end-entities that a CA issues; SHAKEN demands one, the others have none. */
export const distributionPointOf = (authority: string): { url: string } | null =>
  authority === 'shaken-ca-1' ? crlUrl('shaken-ca-1') : null;
