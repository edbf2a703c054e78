export { ACTIONS, CONSENTS, checkClaims, type Consent, type PassportAction, type PassportClaims } from './claims.js';
export { CompactPassport, parseCompact } from './compact.js';
export { HeaderCache } from './header-cache.js';
export { checkHeader, type PassportHeader } from './header.js';
export { claimsOf, headerOf, parsePassport, type UnverifiedPassport } from './parse.js';
export { signPassport, signingInputOf, type PassportToSign } from './sign.js';
export { holdsInPool, importP256, verifyEs256, verifyPassportSignature, verifyWithKey, type SignedOctets } from './signature.js';
export { parseX5u } from './x5u.js';
