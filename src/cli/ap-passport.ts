import { createHash, randomBytes } from 'node:crypto';
import { tnOf } from '../identifiers/index.js';
import { signPassport } from '../passport/index.js';
import type { Credential } from './ap-caller.js';

export interface Statement {
  readonly action: 'register' | 'withdraw';
  readonly audience: string;
  readonly sii: string;
  readonly ssi: string;
  readonly provider: string;
  readonly purpose: 'consumer' | 'business';
  readonly kind?: string;
  readonly consent: string;
  /** The circle code itself; only its digest is signed. */
  readonly circleCode?: string;
  /** Seconds. */
  readonly lifetime: number;
}

/** DESIGN section 5: a circle is known by the SHA-256 of its code. */
export const circleOf = (code: string): string => createHash('sha256').update(code, 'utf8').digest('base64url');

/** Signs what the AP states, now. `now` in seconds. */
export const signStatement = (statement: Statement, credential: Credential, now: number): string =>
  signPassport({ claims: claimsOf(statement, now), key: credential.privateKey, x5c: credential.path });

const claimsOf = (statement: Statement, now: number): Record<string, unknown> => {
  const tn = tnOf(statement.sii);
  return {
    action: statement.action,
    aud: statement.audience,
    orig: tn === null ? { uri: statement.sii } : { tn },
    dest: { uri: [statement.ssi] },
    iat: now,
    exp: now + statement.lifetime,
    jti: randomBytes(16).toString('base64url'),
    provider: statement.provider,
    ...(statement.action === 'register' ? registerClaims(statement) : {}),
  };
};

const registerClaims = (statement: Statement): Record<string, unknown> => ({
  consent: statement.consent,
  purpose: statement.purpose,
  ...(statement.kind === undefined ? {} : { kind: statement.kind }),
  ...(statement.circleCode === undefined ? {} : { circle: circleOf(statement.circleCode) }),
});
