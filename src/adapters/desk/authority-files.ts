import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { REVOCATION_REASONS, authorityOf, type Authority, type DevelopmentState, type RevocationReason } from '../../issuance/index.js';
import { readCertificates, readPrivateKey, writeCertificates, writePrivateKey, writeSecret } from './pem-files.js';

const isRevocationReason = (text: string): text is RevocationReason => Object.hasOwn(REVOCATION_REASONS, text);

const entry = z.strictObject({
  serial: z.hex().transform((hex) => Buffer.from(hex, 'hex')),
  revokedAt: z.int(),
  reason: z.string().refine(isRevocationReason),
  invalidSince: z.int().optional(),
});

/** `authority/state.json`: which authorities there are, what each revoked, and the number of its last CRL. */
const state = z.strictObject({
  authorities: z.array(z.strictObject({ name: z.string().regex(/^[0-9A-Za-z-]+$/), crlNumber: z.int(), revoked: z.array(entry) })),
});

const paths = (directory: string, name: string): { certificate: string; key: string } => ({
  certificate: join(directory, `${name}.pem`),
  key: join(directory, `${name}.key.pem`),
});

/** The certificate file holds the authority's own path; a root's holds the root. */
const writeAuthority = (directory: string, name: string, authority: Authority): void => {
  const { certificate, key } = paths(directory, name);
  if (existsSync(key)) return;
  writeCertificates(certificate, authority.path.length === 0 ? [authority.certificate] : authority.path);
  writePrivateKey(key, authority.key.privateKey);
};

const readAuthority = (directory: string, name: string): Authority => {
  const { certificate, key } = paths(directory, name);
  const [own, ...above] = readCertificates(certificate);
  if (own === undefined) throw new Error('an authority without a certificate');
  return authorityOf(own, readPrivateKey(key), above);
};

export const writeAuthorities = (directory: string, { authorities, revoked, crlNumbers }: DevelopmentState): void => {
  for (const [name, authority] of authorities) writeAuthority(directory, name, authority);
  const rows = Array.from(authorities.keys(), (name) => ({
    name,
    crlNumber: crlNumbers.get(name) ?? 0,
    revoked: (revoked.get(name) ?? []).map(({ serial, revokedAt, reason = 'unspecified', invalidSince }) => ({
      serial: Buffer.from(serial).toString('hex'),
      revokedAt,
      reason,
      ...(invalidSince === undefined ? {} : { invalidSince }),
    })),
  }));
  writeSecret(join(directory, 'state.json'), `${JSON.stringify({ authorities: rows }, null, 2)}\n`);
};

/** @throws when a file is missing or broken: an authority in part would issue what nobody can revoke */
export const readAuthorities = (directory: string): DevelopmentState => {
  const { authorities } = state.parse(JSON.parse(readFileSync(join(directory, 'state.json'), 'utf8')));
  return {
    authorities: new Map(authorities.map(({ name }) => [name, readAuthority(directory, name)])),
    revoked: new Map(
      authorities.map(({ name, revoked }) => [
        name,
        revoked.map(({ invalidSince, ...rest }) => ({ ...rest, ...(invalidSince === undefined ? {} : { invalidSince }) })),
      ]),
    ),
    crlNumbers: new Map(authorities.map(({ name, crlNumber }) => [name, crlNumber])),
  };
};
