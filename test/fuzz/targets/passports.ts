import { parseCompact, parsePassport, parseX5u, signPassport } from '../../../src/passport/index.js';
import { openTrustList } from '../../../src/verification/index.js';
import { mutatePassport, repeatable } from '../../support/mutation/passport.js';
import { mutateTextOctets } from '../../support/mutation/text.js';
import { AT } from '../../support/raw-certificate.js';
import { MAILBOX, claimsOf } from '../../support/passport-bench.js';
import { makeList } from '../../support/trust-lists.js';
import { judged, must, type Target } from '../target.js';
import { CA, LEAF, PLAYS, ROOT_CA } from './material.js';

const ACTIONS = ['register', 'withdraw', 'prefer', 'release', 'port'] as const;
const play = PLAYS.get('delegate');
const key = (play ?? [...PLAYS.values()][0])?.endEntityKey as NonNullable<typeof play>['endEntityKey'];

const passports = (): Buffer[] =>
  [
    ...ACTIONS.map((action) => signPassport({ claims: claimsOf(action), key, x5c: play?.line.path ?? [] })),
    signPassport({ claims: claimsOf('register', MAILBOX), key, x5u: 'https://sti.example/a/b.pem' }),
  ].map((text) => Buffer.from(repeatable(text, key)));

const PASSPORT: Target = {
  name: 'PASSporTs',
  share: 60_000,
  seeds: passports,
  mutate: (input, random, donor) => Buffer.from(mutatePassport(input.toString(), random, donor.toString(), null)),
  run: (input) =>
    judged(() => {
      const text = input.toString();
      const { signingInput, signature } = parsePassport(text);
      must(`${signingInput.toString()}.${signature.toString('base64url')}` === text, 'signed octets that are not those received');
      must(parseCompact(text).signature.equals(signature), 'two signatures');
    }),
};

const X5U: Target = {
  name: 'x5u URLs',
  share: 30_000,
  seeds: () =>
    ['https://sti.example/a/b.pem', 'https://a-b.sti.example:8443/x%20y?z', 'https://sti.example:443'].map((text) => Buffer.from(text)),
  mutate: mutateTextOctets,
  run: (input) =>
    judged(() => {
      const text = input.toString();
      must(parseX5u(text) === text, 'an x5u URL is changed');
      const url = new URL(text);
      must(
        url.protocol === 'https:' && url.username === '' && url.search === '' && url.hash === '',
        'an x5u URL that others read otherwise',
      );
      must(['', '8443'].includes(url.port) && text.slice(8).startsWith(url.hostname), 'an x5u URL of another host');
    }),
};

const TRUST_LIST: Target = {
  name: 'trust lists',
  share: 15_000,
  seeds: () => {
    const list = makeList({ signer: LEAF, roots: [ROOT_CA.der, CA.der], exp: AT / 1000 + 1000 });
    const compact = repeatable(list, LEAF.key.privateKey);
    return [Buffer.from(compact), Buffer.from(JSON.stringify({ status: 'success', message: 'ok', caList: compact }))];
  },
  mutate: (input, random, donor) =>
    input[0] === 0x7b || random.once(3)
      ? mutateTextOctets(input, random, donor)
      : Buffer.from(mutatePassport(input.toString(), random, donor.toString(), random.once(2) ? LEAF.key.privateKey : null)),
  run: (input) =>
    judged(() => {
      const { compact, payload } = openTrustList(input);
      must(Buffer.from(payload).toString('base64url') === compact.split('.')[1], 'another payload');
    }),
};

export const PASSPORTS: readonly Target[] = [PASSPORT, X5U, TRUST_LIST];
