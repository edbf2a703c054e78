import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseBody } from '../../../src/http/body.js';
import { lookupBatch, lookupQuery, passportLine, withdrawal } from '../../../src/http/schemas.js';
import { isDomain, isSpc, parseCanonicalSii, parseDomain, parseSii, parseSsi, parseTn } from '../../../src/identifiers/index.js';
import { parseInstant, parseNumberingCsv } from '../../../src/numbering/index.js';
import { Authorizer, parseFederationPolicy, parseGatewayPolicy, parsePrincipals, parseTrustPolicy } from '../../../src/policy/index.js';
import { mutateTextOctets } from '../../support/mutation/text.js';
import { CEDAR_SCHEMA, ROOT } from '../../support/passport-bench.js';
import { judged, must, outcomeOf, type Target } from '../target.js';

const texts = (...list: string[]): Buffer[] => list.map((text) => Buffer.from(text));

const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  sii: parseSii,
  canonicalSii: parseCanonicalSii,
  ssi: parseSsi,
  tn: parseTn,
  domain: parseDomain,
};

const IDENTIFIER: Target = {
  name: 'identifiers',
  share: 30_000,
  seeds: () =>
    texts(
      'tel:+12025550100',
      'tel:+1-202-555-0100',
      'mailto:alice@example.com',
      'mailto:b%C3%BCcher@xn--bcher-kva.example',
      'mimi://a.example/u/alice',
      'mimi://a.example/s/b.c-d_e',
      'a.example',
      '12025550100',
      '2026-11-24T01:00:00.999+01:00',
      '709J',
    ),
  mutate: mutateTextOctets,
  run: (input) => {
    const text = input.toString();
    const labels = Object.entries(READERS).map(([name, read]) => `${name}:${outcomeOf(judged(() => void read(text)))}`);
    labels.push(`spc:${String(isSpc(text))}`, `domain:${String(isDomain(text))}`, `instant:${String(parseInstant(text) !== null)}`);
    must(!labels.includes('canonicalSii:accepted') || parseCanonicalSii(text).uri === text, 'two spellings of an SII');
    return labels.some((label) => /:(?:accepted|true)$/.test(label)) ? `accepted ${labels.join()}` : labels.join();
  },
};

const BODIES: ReadonlyArray<(octets: Buffer) => unknown> = [
  (octets) => parseBody(octets, lookupQuery),
  (octets) => parseBody(octets, lookupBatch),
  (octets) => parseBody(octets, withdrawal),
  (octets) => parseBody(octets, passportLine),
];
const query = { sii: 'tel:+12025550100', view: 'consumer', circle: 'A'.repeat(43) };

const BODY: Target = {
  name: 'request bodies',
  share: 25_000,
  seeds: () =>
    texts(
      JSON.stringify(query),
      JSON.stringify({ lookups: [query, { sii: 'mailto:alice@example.com' }] }),
      JSON.stringify({ sii: 'tel:+12025550100', ssi: 'mimi://a.example/u/alice' }),
      JSON.stringify({ passport: 'a.b.c' }),
    ),
  mutate: mutateTextOctets,
  run: (input) => {
    const labels = BODIES.map((read) => judged(() => void read(input)));
    return labels.includes('accepted') ? 'accepted' : labels.join(' ');
  },
};

const shipped = (file: string): Buffer => readFileSync(join(ROOT, 'policies', file));

const CSV: Target = {
  name: 'numbering files',
  share: 16_500,
  seeds: () => [
    shipped('numbering.csv'),
    Buffer.from('spc,start,count,validFrom\n709J,12025550000,1000,\n505X,1303,1,2026-11-24T00:00:00Z\n'),
  ],
  mutate: mutateTextOctets,
  run: (input) => {
    const read = parseNumberingCsv(input);
    return read.ok ? `accepted ${String(read.value.size)}` : `problems ${(read.problems[0] ?? '').replace(/\d+/g, '')}`;
  },
};

const POLICIES = {
  'gateway.yaml': parseGatewayPolicy,
  'trust.yaml': parseTrustPolicy,
  'principals.yaml': parsePrincipals,
  'federation.yaml': parseFederationPolicy,
};

const POLICY: Target = {
  name: 'policies',
  share: 1_000,
  seeds: () => Object.keys(POLICIES).map(shipped),
  mutate: mutateTextOctets,
  run: (input) => {
    const text = input.toString();
    const reads = Object.values(POLICIES).map((parse) => parse(text));
    return reads.some(({ ok }) => ok) ? 'accepted' : 'problems';
  },
};

const CEDAR: Target = {
  name: 'Cedar policies',
  share: 500,
  seeds: () => [shipped('authorization.cedar')],
  mutate: mutateTextOctets,
  run: (input) => (Authorizer.load(input.toString(), CEDAR_SCHEMA).ok ? 'accepted' : 'problems'),
};

export const TEXTS: readonly Target[] = [IDENTIFIER, BODY, CSV, POLICY, CEDAR];
