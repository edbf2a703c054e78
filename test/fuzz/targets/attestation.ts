import { parseStatement } from '../../../src/adapters/attestation/consent-statement.js';
import { parseBody } from '../../../src/http/body.js';
import { attestationBody } from '../../../src/http/provider/attestations.js';
import { mutateTextOctets } from '../../support/mutation/text.js';
import { judged, must, type Target } from '../target.js';

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const SIGNATURE = Buffer.alloc(64, 7).toString('base64url');
const WISH = { ssi: 'mimi://a.example/u/alice', purpose: 'consumer' };
const CIRCLE = Buffer.alloc(32, 9).toString('base64url');

const statement = (header: object, more: object): Buffer => {
  const claims = { iss: 'i', aud: 'd', sub: 'tel:+12025550100', iat: 1, exp: 2, jti: 'A'.repeat(22), ap: 'a.example', ...WISH, ...more };
  return Buffer.from(`${part({ alg: 'ES256', typ: 'signpost-consent+jwt', ...header })}.${part(claims)}.${SIGNATURE}`);
};

const STATEMENTS: Target = {
  name: 'consent statements',
  share: 6_000,
  seeds: () => [statement({}, {}), statement({ kid: 'k' }, { kind: 'service', circle: CIRCLE })],
  mutate: mutateTextOctets,
  run: (input) =>
    judged(() => {
      const text = input.toString('latin1');
      const read = parseStatement(text);
      const [header = '', payload = ''] = text.split('.').map((one) => Buffer.from(one, 'base64url').toString('utf8'));
      must(
        Object.keys(JSON.parse(header) as object).every((name) => ['alg', 'typ', 'kid'].includes(name)),
        'a header member that nobody knows',
      );
      const { ap, sub, ssi } = JSON.parse(payload) as Record<string, unknown>;
      must(read.ap === ap && read.sub === sub && read.ssi === ssi, 'a statement that two parsers read as two');
    }),
};

const REQUESTS: Target = {
  name: 'requests for attestation',
  share: 4_000,
  seeds: () =>
    [
      { sii: 'tel:+12025550100', ...WISH, proof: 'otp' },
      {
        sii: 'mailto:alice@mail.example',
        ...WISH,
        kind: 'user',
        circle: CIRCLE,
        audience: 'dp.example',
        proof: 'operator',
        evidence: 'a.b.c',
      },
    ].map((body) => Buffer.from(JSON.stringify(body))),
  mutate: mutateTextOctets,
  run: (input) =>
    judged(() => {
      const read = parseBody(input, attestationBody);
      const other = JSON.parse(input.toString('utf8')) as Record<string, unknown>;
      must(Object.keys(other).length === Object.keys(read).length && read.ssi === other['ssi'], 'a body that two parsers read as two');
    }),
};

export const ATTESTATION: readonly Target[] = [STATEMENTS, REQUESTS];
