import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CRL_LIFETIME, DevelopmentPki, type IssuingSources, type IssuedCredential } from '../../issuance/index.js';
import { TRUST_PROFILES } from '../../verification/verdict.js';
import { readAuthorities, writeAuthorities } from './authority-files.js';
import { issueClients, issueCredentials, manifestOf } from './dev-manifest.js';
import { anchorFile, writeDevPolicies } from './dev-policies.js';
import { writeCertificates, writePrivateKey, writePublic, writeRevocationList } from './pem-files.js';

export interface DevPkiOptions extends IssuingSources {
  /** Directory to write; it must not hold a PKI yet. */
  readonly out: string;
}

/** A development PKI on disk, and its hierarchy in memory to issue more from. */
export interface DevPki {
  readonly directory: string;
  readonly hierarchy: DevelopmentPki;
  /** Writes a path and its key below the directory: `credentials/<name>.pem` and `.key.pem`. */
  writeCredential(name: string, credential: IssuedCredential): void;
  /** Writes a fresh CRL of every authority, and the state that the next start goes on from. Call it after `hierarchy.revoke`. */
  publishRevocations(): void;
}

const credentialWriter =
  (directory: string) =>
  (chain: string, key: string, credential: IssuedCredential): void => {
    writeCertificates(join(directory, chain), credential.path);
    writePrivateKey(join(directory, key), credential.key.privateKey);
  };

const crlFile = (authority: string): string => `crls/${authority}.pem`;

const handle = (directory: string, hierarchy: DevelopmentPki): DevPki => {
  const write = credentialWriter(directory);
  return {
    directory,
    hierarchy,
    writeCredential: (name, credential) => write(`credentials/${name}.pem`, `credentials/${name}.key.pem`, credential),
    publishRevocations: () => {
      const lists = hierarchy.crls();
      // The numbers first: after a crash a CRL number is skipped, never given twice (RFC 5280 section 5.2.3).
      writeAuthorities(join(directory, 'authority'), hierarchy.state());
      for (const [name, list] of lists) writeRevocationList(join(directory, crlFile(name)), list);
    },
  };
};

const writeTls = (directory: string, hierarchy: DevelopmentPki): void => {
  writeCertificates(join(directory, 'tls/ca.pem'), [hierarchy.authority('tls-ca').certificate]);
  const server = hierarchy.tlsServer();
  writeCertificates(join(directory, 'tls/server.pem'), server.path);
  writePrivateKey(join(directory, 'tls/server.key.pem'), server.key.privateKey);
};

const readme = (
  nowMs: number,
): string => `A development PKI, made by "signpost dev-pki". Every private key in it is a test key: never use it in production.

Its CRLs and credentials are good until ${new Date(nowMs + CRL_LIFETIME * 1000).toISOString()}; make a new one then.
manifest.json lists what is here. authority/ holds the keys of the CAs: whoever has them can issue anything.
`;

/**
 * Makes a whole development PKI: four trust profiles, APs, NPs, an EP, an auditor, an operator, TLS, CRLs and policies. The manifest is
 * written last, so a directory with a manifest is complete.
 * @throws Error when the directory holds a PKI already
 */
export const makeDevPki = ({ out, now, random }: DevPkiOptions): DevPki => {
  if (existsSync(join(out, 'manifest.json')) || existsSync(join(out, 'authority')))
    throw new Error('the directory holds a PKI already, or what an interrupted run left of one: remove it first');
  const hierarchy = new DevelopmentPki({ now, random });
  const pki = handle(out, hierarchy);
  const write = credentialWriter(out);
  writeTls(out, hierarchy);
  const clients = issueClients(hierarchy);
  for (const { entry, credential } of clients) write(entry.cert, entry.key, { ...credential, path: credential.path.slice(0, 1) });
  const credentials = issueCredentials(hierarchy);
  for (const { entry, credential } of credentials) write(entry.chain, entry.key, credential);
  pki.writeCredential('numbering-authority', hierarchy.numberingAuthority());
  const anchors = hierarchy.anchors();
  for (const profile of TRUST_PROFILES) writeCertificates(join(out, anchorFile(profile)), anchors[profile]);
  pki.publishRevocations();
  writeDevPolicies(join(out, 'policies'));
  writePublic(join(out, 'README.txt'), readme(now()));
  const crls = Array.from(hierarchy.state().authorities.keys(), crlFile);
  writePublic(join(out, 'manifest.json'), `${JSON.stringify(manifestOf(clients, credentials, crls), null, 2)}\n`);
  return pki;
};

/** Opens a PKI that `makeDevPki` made, to issue and revoke more. @throws when it is not there or not whole */
export const openDevPki = ({ out, now, random }: DevPkiOptions): DevPki => {
  if (!existsSync(join(out, 'manifest.json'))) throw new Error('the directory holds no whole PKI');
  return handle(out, new DevelopmentPki({ now, random }, readAuthorities(join(out, 'authority'))));
};
