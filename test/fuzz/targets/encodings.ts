import { parsePemChain } from '../../../src/adapters/x5u/pem-chain.js';
import { checkCanonicalDer, decodePem, encodePem, parseStrictJson } from '../../../src/encoding/index.js';
import { mutateTextOctets } from '../../support/mutation/text.js';
import { pemOf } from '../../support/trust-lists.js';
import { judged, must, type Target } from '../target.js';
import { mutateDer } from '../../support/mutation/der.js';
import { CERTIFICATES, CRLS, TN_LISTS } from './material.js';

const DOCUMENTS: readonly string[] = [
  '{"a":1,"b":[true,false,null],"c":{"d":"\\u00e9\\n","e":-0.5e-3}}',
  '[{"iat":1795500000,"orig":{"tn":"12025550150"},"dest":{"uri":["mimi://a.example/u/alice"]}},"\\ud83d\\ude00",12345678901234567890]',
  '{"alg":"ES256","ppt":"mimi","typ":"passport","x5c":["MIIB"],"__proto__":1,"":[[[[[[[0]]]]]]]}',
];

const jsonOf = (value: unknown): string => JSON.stringify(value);

const STRICT_JSON: Target = {
  name: 'strict JSON',
  share: 40_000,
  seeds: () => DOCUMENTS.map((text) => Buffer.from(text)),
  mutate: mutateTextOctets,
  run: (input) =>
    judged(() => {
      const value = parseStrictJson(input);
      // What is strict is JSON too, and means to others what it means here.
      must(jsonOf(value) === jsonOf(JSON.parse(input.toString()) as unknown), 'JSON.parse reads it otherwise');
    }),
};

const CANONICAL_DER: Target = {
  name: 'canonical DER',
  share: 50_000,
  seeds: () => [...[...CERTIFICATES.slice(0, 6), ...CRLS.slice(0, 3)].map(({ der }) => der), ...TN_LISTS],
  mutate: mutateDer,
  run: (input) => judged(() => checkCanonicalDer(input)),
};

const bundle = (count: number): Buffer =>
  Buffer.from(
    CERTIFICATES.slice(0, count)
      .map(({ der }) => pemOf(der))
      .join('\n'),
  );

const PEM: Target = {
  name: 'PEM',
  share: 40_000,
  seeds: () => [bundle(1), bundle(3), Buffer.from(`${pemOf(Buffer.of(1, 2, 3), 'X509 CRL')}\r\n`)],
  mutate: mutateTextOctets,
  run: (input) =>
    judged(() => {
      const blocks = decodePem(input.toString('latin1'));
      must(blocks.length > 0, 'no block is a refusal');
      for (const { label, der } of blocks) {
        const again = decodePem(encodePem(label, der));
        must(
          again.length === 1 && again[0]?.label === label && Buffer.from(der).equals(again[0].der),
          'a block is read otherwise when written again',
        );
      }
    }),
};

const PEM_CHAIN: Target = {
  name: 'answers of x5u',
  share: 20_000,
  seeds: () => [bundle(1), bundle(3)],
  mutate: mutateTextOctets,
  run: (input) =>
    judged(() => {
      const chain = parsePemChain(input);
      must(chain.length === (input.toString('latin1').match(/-----BEGIN CERTIFICATE-----/g) ?? []).length, 'a block is missing');
    }),
};

export const ENCODINGS: readonly Target[] = [STRICT_JSON, CANONICAL_DER, PEM, PEM_CHAIN];
