import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { APPLICATIONS, AUDIENCE, MAIL, PROVIDERS, STAFF } from '../../issuance/index.js';
import { TRUST_PROFILES, type TrustProfile } from '../../verification/verdict.js';
import { writePublic } from './pem-files.js';

/** The project's own policies: the development gateway runs under what is shipped, and only the people and the trust are its own. */
const SHIPPED = fileURLToPath(new URL('../../../../policies/', import.meta.url));
const COPIED = ['federation.yaml', 'authorization.cedar', 'authorization.cedarschema'];

/** The development numbers are all under calling code 1; mail is for whoever has an anchor. */
const SPEAKS_FOR: Readonly<Record<TrustProfile, readonly string[] | 'any'>> = {
  delegate: ['1'],
  shaken: ['1'],
  email: 'any',
  'numbering-authority': ['1'],
};

const anchorFolder = (profile: TrustProfile): string => `anchors/${profile}`;
export const anchorFile = (profile: TrustProfile): string => `${anchorFolder(profile)}/root.pem`;

const trust = (): unknown => ({
  anchors: TRUST_PROFILES.map((profile) => ({ profile, file: anchorFolder(profile), speaksFor: SPEAKS_FOR[profile] })),
  crlAnchors: [],
  crls: ['crls'],
  crlSigners: [],
});

const principals = (): unknown => ({
  principals: [
    ...APPLICATIONS.map((application) => ({ domain: application.domain, kind: 'ap', class: application.class })),
    ...PROVIDERS.map(({ domain, spc }) => ({ domain, kind: 'np', spc })),
    { domain: MAIL.domain, kind: 'ep' },
    ...STAFF.map(({ domain, kind }) => ({ domain, kind })),
  ],
});

const numbering = (): string =>
  ['spc,start,count,validFrom', ...PROVIDERS.map(({ spc, holds }) => `${spc},${holds.start},${holds.count},`), ''].join('\n');

/** The shipped policy with what CONTRACT section 3 says of development: the audience, and x5u hosts under sti.example. */
const gateway = (): unknown => ({
  ...z.record(z.string(), z.unknown()).parse(parse(readFileSync(join(SHIPPED, 'gateway.yaml'), 'utf8'))),
  audience: AUDIENCE,
  origin: `${AUDIENCE}/log`,
  x5u: { hosts: ['sti.example'] },
});

/** A whole policy folder for a development PKI, paths relative to the PKI's directory. */
export const writeDevPolicies = (directory: string): void => {
  mkdirSync(directory, { recursive: true });
  for (const file of COPIED) copyFileSync(join(SHIPPED, file), join(directory, file));
  writePublic(join(directory, 'gateway.yaml'), stringify(gateway()));
  writePublic(join(directory, 'trust.yaml'), stringify(trust()));
  writePublic(join(directory, 'principals.yaml'), stringify(principals()));
  writePublic(join(directory, 'numbering.csv'), numbering());
};
