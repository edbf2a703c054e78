import {
  APPLICATIONS,
  AUDIENCE,
  MAIL,
  PROVIDERS,
  STAFF,
  type DevelopmentPki,
  type IssuedCredential,
  type NumberRange,
} from '../../issuance/index.js';
import { TRUST_PROFILES, type TrustProfile } from '../../verification/verdict.js';
import { anchorFile } from './dev-policies.js';

/** CONTRACT section 3, to the letter; paths relative to the PKI's directory. */
export interface DevManifest {
  readonly audience: string;
  readonly tlsCa: string;
  readonly clients: readonly ManifestClient[];
  readonly credentials: readonly ManifestCredential[];
  readonly anchors: Readonly<Record<TrustProfile, readonly string[]>>;
  readonly crls: readonly string[];
}

export interface ManifestClient {
  readonly domain: string;
  readonly kind: 'ap' | 'np' | 'ep' | 'auditor' | 'operator';
  /** Null for all but APs. */
  readonly class: 'consumer' | 'business' | null;
  readonly spc?: string;
  readonly cert: string;
  readonly key: string;
}

export interface ManifestCredential {
  readonly use: 'np' | 'delegate' | 'ep' | 'mailbox';
  readonly spc?: string;
  readonly provider?: string;
  readonly domain?: string;
  readonly chain: string;
  readonly key: string;
  readonly numbers: readonly NumberRange[];
}

/** What is written beside the manifest entry that names it. */
export interface Issued<Entry> {
  readonly entry: Entry;
  readonly credential: IssuedCredential;
}

const credentialFiles = (name: string): { chain: string; key: string } => ({
  chain: `credentials/${name}.pem`,
  key: `credentials/${name}.key.pem`,
});

const providerOf = (start: string): string => {
  const provider = PROVIDERS.find(({ holds }) => Number(start) >= Number(holds.start) && Number(start) < Number(holds.start) + holds.count);
  if (provider === undefined) throw new Error('a planned number without a provider');
  return provider.spc;
};

export const issueClients = (pki: DevelopmentPki): Issued<ManifestClient>[] => {
  const client = (domain: string, rest: Omit<ManifestClient, 'domain' | 'cert' | 'key'>): Issued<ManifestClient> => ({
    entry: { domain, ...rest, cert: `clients/${domain}.pem`, key: `clients/${domain}.key.pem` },
    credential: pki.tlsClient(domain),
  });
  return [
    ...APPLICATIONS.map((application) => client(application.domain, { kind: 'ap', class: application.class })),
    ...PROVIDERS.map(({ domain, spc }) => client(domain, { kind: 'np', class: null, spc })),
    client(MAIL.domain, { kind: 'ep', class: null }),
    ...STAFF.map(({ domain, kind }) => client(domain, { kind, class: null })),
  ];
};

export const issueCredentials = (pki: DevelopmentPki): Issued<ManifestCredential>[] => [
  ...PROVIDERS.map(({ spc, holds }): Issued<ManifestCredential> => ({
    entry: { use: 'np', spc, ...credentialFiles(`np-${spc}`), numbers: [holds] },
    credential: pki.npCredential(spc),
  })),
  ...PROVIDERS.map(({ spc, holds }): Issued<ManifestCredential> => ({
    entry: { use: 'np', spc, ...credentialFiles(`shaken-${spc}`), numbers: [holds] },
    credential: pki.shakenCredential(spc),
  })),
  ...APPLICATIONS.map(({ domain, numbers }): Issued<ManifestCredential> => {
    const spc = providerOf(numbers[0]?.start ?? '');
    return {
      entry: { use: 'delegate', spc, provider: domain, ...credentialFiles(`delegate-${domain}`), numbers },
      credential: pki.delegate({ spc, provider: domain, numbers }),
    };
  }),
  {
    entry: { use: 'ep', domain: MAIL.domain, ...credentialFiles(`ep-${MAIL.domain}`), numbers: [] },
    credential: pki.ep(MAIL.domain),
  },
  {
    entry: { use: 'mailbox', provider: MAIL.provider, domain: MAIL.domain, ...credentialFiles(`mailbox-${MAIL.provider}`), numbers: [] },
    credential: pki.mailbox(MAIL.mailbox, MAIL.provider),
  },
];

export const manifestOf = (
  clients: readonly Issued<ManifestClient>[],
  credentials: readonly Issued<ManifestCredential>[],
  crls: readonly string[],
): DevManifest => {
  const anchors = (profile: TrustProfile): readonly string[] => [anchorFile(profile)];
  const [delegate, shaken, email, numbering] = TRUST_PROFILES;
  return {
    audience: AUDIENCE,
    tlsCa: 'tls/ca.pem',
    clients: clients.map(({ entry }) => entry),
    credentials: credentials.map(({ entry }) => entry),
    anchors: { [delegate]: anchors(delegate), [shaken]: anchors(shaken), [email]: anchors(email), [numbering]: anchors(numbering) },
    crls,
  };
};
