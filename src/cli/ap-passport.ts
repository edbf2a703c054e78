import { createHash, randomBytes } from 'node:crypto';
import { signStatement, type IssuedCredential, type Statement } from '../issuance/index.js';

export type ApStatement = Extract<Statement, { readonly action: 'register' | 'withdraw' | 'prefer' }>;

/** DESIGN section 5: a circle is known by the SHA-256 of its code. */
export const circleOf = (code: string): string => createHash('sha256').update(code, 'utf8').digest('base64url');

/** Signs what the AP states, now. */
export const signNow = (statement: ApStatement, credential: IssuedCredential): string =>
  signStatement(statement, credential, Math.floor(Date.now() / 1000), randomBytes);
