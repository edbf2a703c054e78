import { createPublicKey } from 'node:crypto';
import { parseAccountKey } from '../../../src/issuance/acme/account-key.js';
import { parseAuthorityToken } from '../../../src/issuance/acme/authority-token.js';
import { parseTnValue } from '../../../src/issuance/acme/identifier.js';
import { judgeRequest } from '../../../src/issuance/acme/requested-certificate.js';
import { readSignedRequest, type JwsForm } from '../../../src/issuance/acme/signed-request.js';
import { encodeTnAuthList } from '../../../src/x509/index.js';
import { createRequest, subjectName, tnAuthList, type KeyPair } from '../../../src/issuance/index.js';
import { mutateDer } from '../../support/mutation/der.js';
import { namedKey } from '../../support/mutation/keys.js';
import { signedAnew } from '../../support/mutation/signed.js';
import { mutateTextOctets } from '../../support/mutation/text.js';
import { judged, must, outcomeOf, type Target } from '../target.js';

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const SIGNATURE = Buffer.alloc(64, 7).toString('base64url');

const pairOf = (name: string): KeyPair => {
  const { privateKey } = namedKey(name);
  return { privateKey, spki: createPublicKey(privateKey).export({ type: 'spki', format: 'der' }) };
};
const SUBJECT = pairOf('acme subject');

const pointOf = (name: string): Buffer => pairOf(name).spki.subarray(-64);
const jwkOf = (name: string): Record<string, string> => ({
  kty: 'EC',
  crv: 'P-256',
  x: pointOf(name).subarray(0, 32).toString('base64url'),
  y: pointOf(name).subarray(32).toString('base64url'),
});
const account = (name: string): ReturnType<typeof parseAccountKey> => parseAccountKey(jwkOf(name));

const FORMS: readonly JwsForm[] = ['request', 'binding', 'key-change'];
const url = 'https://np.example:8444/acme/new-order';
const jws = (header: object, payload: unknown): Buffer =>
  Buffer.from(JSON.stringify({ protected: part(header), payload: payload === '' ? '' : part(payload), signature: SIGNATURE }));

const REQUESTS: Target = {
  name: 'ACME requests',
  share: 12_000,
  seeds: () => [
    jws({ alg: 'ES256', nonce: 'AAAA', url, jwk: jwkOf('acme account') }, { contact: [], externalAccountBinding: {} }),
    jws({ alg: 'ES256', nonce: 'AAAA', url, kid: 'https://np.example:8444/acme/account/1' }, ''),
    jws({ alg: 'HS256', url, kid: 'printed' }, jwkOf('acme account')),
    jws({ alg: 'ES256', url, jwk: jwkOf('acme next') }, { account: 'x', oldKey: jwkOf('acme account') }),
  ],
  mutate: mutateTextOctets,
  run: (input) => {
    const labels = FORMS.map((form) =>
      judged(() => {
        const { signer, signingInput, nonce } = readSignedRequest(input, form);
        const read = JSON.parse(input.toString()) as { protected: string; payload: string };
        must(signingInput.toString() === `${read.protected}.${read.payload}`, 'what is verified is not what was received');
        const header = JSON.parse(Buffer.from(read.protected, 'base64url').toString()) as Record<string, unknown>;
        must(!('crit' in header) && 'jwk' in header === 'key' in signer, 'a header that is read otherwise');
        must((nonce !== null) === (form === 'request'), 'a nonce where none belongs, or none');
      }),
    );
    return labels.includes('accepted') ? `accepted ${labels.map(outcomeOf).join()}` : labels.join(' ');
  },
};

const atc = { tktype: 'TNAuthList', tkvalue: 'MAA', ca: false, fingerprint: `SHA256 ${'AB:'.repeat(31)}AB` };
const TOKENS: Target = {
  name: 'authority tokens',
  share: 25_000,
  seeds: () =>
    [
      [
        { alg: 'ES256', typ: 'JWT', x5c: ['MAA='] },
        { iss: 'https://np.example', iat: 1, exp: 2, jti: 'j', atc },
      ],
      [
        { alg: 'ES256', x5u: 'https://np.example/cert' },
        { exp: 2, nbf: 1, jti: 'j', atc: { ...atc, ca: true } },
      ],
    ].map(([header, claims]) => Buffer.from(`${part(header)}.${part(claims)}.${SIGNATURE}`)),
  mutate: mutateTextOctets,
  run: (input) =>
    judged(() => {
      const { x5c, x5u, exp, ca } = parseAuthorityToken(input.toString());
      must((x5c === null) !== (x5u === null), 'a credential twice, or none');
      must(Number.isSafeInteger(exp) && typeof ca === 'boolean', 'a claim of another type');
    }),
};

const LISTS = [[{ tn: '12025550100' }], [{ start: '12025550100', count: 100 }, { tn: '12025550300' }], [{ spc: '709J' }]];
const IDENTIFIERS: Target = {
  name: 'TNAuthList identifiers',
  share: 22_000,
  seeds: () => LISTS.map((list) => encodeTnAuthList(list)),
  mutate: mutateDer,
  run: (input) =>
    judged(() => {
      const entries = parseTnValue(input.toString('base64url'));
      must(encodeTnAuthList(entries).equals(input), 'two spellings of one list');
    }),
};

const ordered = encodeTnAuthList(LISTS[0]);
const CSRS: Target = {
  name: 'certificate requests of ACME',
  share: 1_000,
  seeds: () => {
    const request = createRequest(SUBJECT, subjectName({ commonName: 'ap' }), [tnAuthList(LISTS[0] ?? [])]);
    return [signedAnew(request, SUBJECT.privateKey)];
  },
  // Signed again, so that what stands behind the signature is reached.
  mutate: (input, random, donor) => {
    const mutant = mutateDer(input, random, donor);
    return random.below(2) === 0 ? mutant : signedAnew(mutant, SUBJECT.privateKey);
  },
  run: (input) =>
    judged(() => {
      const terms = { identifier: ordered.toString('base64url'), accountKey: account('acme account'), template: null };
      const { spki } = judgeRequest(input.toString('base64url'), terms);
      must(input.includes(ordered), 'a request without the ordered list');
      must(spki.equals(SUBJECT.spki), 'a request of which nobody has the key');
    }),
};

export const ACME: readonly Target[] = [REQUESTS, TOKENS, IDENTIFIERS, CSRS];
