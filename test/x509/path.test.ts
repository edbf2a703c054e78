import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { encodeInteger, encodeOid, encodeSequence, encodeTlv } from '../../src/encoding/index.js';
import { judgeRfc5280, judgeStir, outcomeOf } from '../support/judged.js';
import * as raw from '../support/raw-certificate.js';

const { issueCa, issueEndEntity } = raw;

const root = issueCa({ issuer: null, subject: 'root' });
const ca = issueCa({ issuer: root, subject: 'ca' });
const leaf = issueEndEntity({ issuer: ca, subject: 'leaf' });
const otherRoot = issueCa({ issuer: null, subject: 'other root' });
const anchors = [root.der];

const under = (shape: Omit<Parameters<typeof issueEndEntity>[0], 'issuer' | 'subject'>): Buffer[] => [
  issueEndEntity({ issuer: ca, subject: 'leaf', ...shape }).der,
  ca.der,
];
const below = (middle: raw.Issued): Buffer[] => [issueEndEntity({ issuer: middle, subject: 'leaf' }).der, middle.der];
const through = (role: Omit<raw.Role, 'issuer' | 'subject'>): Buffer[] => below(issueCa({ issuer: root, subject: 'ca', ...role }));
const unknown = raw.extension('1.2.3.4', Buffer.from('0500', 'hex'), true);
const day = (text: string): Date => new Date(text);

describe('a path that holds', () => {
  test('is accepted without its anchor and with it, by both rules', () => {
    for (const judge of [judgeRfc5280, judgeStir]) {
      expect(judge([leaf.der, ca.der], anchors).anchorInPath).toBe(false);
      expect(judge([leaf.der, ca.der, root.der], anchors).anchorInPath).toBe(true);
    }
  });

  test('tells the certificates, the anchor last, and the seconds between which the judgement holds', () => {
    const late = issueEndEntity({ issuer: ca, subject: 'leaf', shape: { notBefore: day('2026-03-01T00:00:00Z') } });
    const judged = judgeRfc5280([late.der, ca.der], anchors);
    expect(judged.certificates.map(({ subject }) => subject.commonName)).toEqual(['leaf', 'ca', 'root']);
    expect(judged.from).toBe(Date.parse('2026-03-01T00:00:00Z') / 1000);
    expect(judged.until).toBe(raw.NOT_AFTER.getTime() / 1000);
  });

  test('is accepted at both ends of a validity, to the second, and not a second beyond', () => {
    const at = (ms: number): string => outcomeOf(() => judgeRfc5280([leaf.der, ca.der], anchors, { at: ms }));
    expect(at(raw.NOT_BEFORE.getTime())).toBe('accepted');
    expect(at(raw.NOT_BEFORE.getTime() - 1)).toBe('cert-not-yet-valid@0');
    expect(at(raw.NOT_AFTER.getTime() + 999)).toBe('accepted');
    expect(at(raw.NOT_AFTER.getTime() + 1000)).toBe('cert-expired@0');
  });

  test('may end in an anchor that another CA issued', () => {
    expect(outcomeOf(() => judgeStir([leaf.der], [ca.der]))).toBe('accepted');
    expect(outcomeOf(() => judgeStir([leaf.der, ca.der], [ca.der]))).toBe('accepted');
  });

  test('may be the anchor alone, by rfc5280', () => {
    expect(judgeRfc5280([root.der], anchors).certificates).toHaveLength(1);
    expect(outcomeOf(() => judgeStir([root.der], anchors))).toBe('leaf-is-ca@0');
    expect(outcomeOf(() => judgeRfc5280([leaf.der], [leaf.der]))).toBe('not-a-ca@0');
  });

  test('uses the anchor as configured, not the one in band with the same name and key', () => {
    const renewed = issueCa({ issuer: null, subject: 'root', key: root.key, shape: { notAfter: day('2026-02-01T00:00:00Z') } });
    expect(outcomeOf(() => judgeRfc5280([leaf.der, ca.der, renewed.der], anchors))).toBe('accepted');
    expect(outcomeOf(() => judgeRfc5280([leaf.der, ca.der, root.der], [renewed.der]))).toBe('cert-expired@2');
    expect(outcomeOf(() => judgeRfc5280([leaf.der, ca.der], [renewed.der, root.der]))).toBe('accepted');
  });

  test('knows an anchor in band by name and key alone: what else it says counts for nothing, so nobody need have signed it', () => {
    const inBand = (role: Partial<raw.Role>): raw.Issued => issueCa({ issuer: null, subject: 'root', key: root.key, ...role });
    const unsigned = inBand({ shape: { signature: (signature) => Buffer.alloc(signature.length) } });
    const powerful = inBand({ extensions: { names: raw.nameConstraints([raw.dns('a.example')], []) } });
    for (const { der } of [unsigned, powerful]) {
      expect(outcomeOf(() => judgeStir([leaf.der, ca.der, der], anchors))).toBe('accepted');
      expect(judgeStir([leaf.der, ca.der, der], anchors).certificates.at(-1)?.der).toEqual(root.der);
    }
    expect(outcomeOf(() => judgeStir([leaf.der, ca.der, inBand({ key: raw.newEcKey() }).der], anchors))).toBe('aki-mismatch@1');
    expect(outcomeOf(() => judgeStir([leaf.der, ca.der, inBand({ subject: 'another' }).der], anchors))).toBe('untrusted-chain@1');
    const critical = inBand({ extensions: { more: raw.extension('1.2.3.4', Buffer.of(5, 0), true) } });
    expect(outcomeOf(() => judgeStir([leaf.der, ca.der, critical.der], anchors))).toBe('unknown-critical-ext@2');
  });

  test('may have RSA keys and P-384 and P-521 CAs by rfc5280, and P-384 CAs by the trust profiles', () => {
    const p384 = issueCa({
      issuer: null,
      subject: 'root',
      key: raw.newEcKey('P-384'),
      shape: { algorithm: raw.ECDSA_SHA384, digest: 'sha384' },
    });
    const under384 = issueEndEntity({ issuer: p384, subject: 'leaf', shape: { algorithm: raw.ECDSA_SHA384, digest: 'sha384' } });
    expect(outcomeOf(() => judgeStir([under384.der], [p384.der]))).toBe('accepted');
    const p521 = issueCa({
      issuer: null,
      subject: 'root',
      key: raw.newEcKey('P-521'),
      shape: { algorithm: raw.ECDSA_SHA512, digest: 'sha512' },
    });
    const under521 = issueEndEntity({ issuer: p521, subject: 'leaf', shape: { algorithm: raw.ECDSA_SHA512, digest: 'sha512' } });
    expect(outcomeOf(() => judgeRfc5280([under521.der], [p521.der]))).toBe('accepted');
    expect(outcomeOf(() => judgeStir([under521.der], [p521.der]))).toBe('unsupported-cert-alg@0');
    const rsa = issueCa({ issuer: null, subject: 'root', key: raw.newRsaKey(), shape: { algorithm: raw.RSA_SHA256 } });
    const underRsa = issueEndEntity({ issuer: rsa, subject: 'leaf', shape: { algorithm: raw.RSA_SHA256 } });
    expect(outcomeOf(() => judgeRfc5280([underRsa.der], [rsa.der]))).toBe('accepted');
    expect(outcomeOf(() => judgeStir([underRsa.der], [rsa.der]))).toBe('unsupported-cert-alg@0');
  });
});

const selfSigned = issueEndEntity({ issuer: null, subject: 'leaf' });
const impostor = issueCa({ issuer: null, subject: 'root' });
const noSki = issueCa({ issuer: root, subject: 'ca', extensions: { subjectKeyId: null } });
const sub = issueCa({ issuer: ca, subject: 'sub' });
const zero = issueCa({ issuer: root, subject: 'ca', extensions: { basicConstraints: raw.basicConstraints(true, 0) } });
const underZero = issueCa({ issuer: zero, subject: 'sub' });
const point = (prefix: number, key: raw.KeyPair): Buffer => {
  const spki = raw.spkiOf(key);
  const body = Buffer.from(spki.subarray(spki.length - 64));
  if (prefix === 4) body[63] = (body[63] ?? 0) ^ 1;
  const algorithm = encodeSequence(encodeOid('1.2.840.10045.2.1'), encodeOid('1.2.840.10045.3.1.7'));
  return encodeSequence(algorithm, raw.bitString(Buffer.concat([Buffer.from([prefix]), prefix === 4 ? body : body.subarray(0, 32)])));
};
const explicitCurve = encodeSequence(
  encodeSequence(encodeOid('1.2.840.10045.2.1'), encodeSequence(encodeInteger(1n))),
  raw.bitString(Buffer.alloc(65, 4)),
);
const ed25519 = encodeSequence(encodeSequence(encodeOid('1.3.101.112')), raw.bitString(Buffer.alloc(32, 7)));
const expired = { notAfter: day('2026-02-01T00:00:00Z') };
const future = { notBefore: day('2026-12-01T00:00:00Z') };

/** One defect each: the reason and the position that must come out, by both rules. */
const MISFITS: ReadonlyArray<readonly [string, string, Buffer[], Buffer[]?]> = [
  ['no certificate', 'malformed-chain@none', []],
  ['too many certificates', 'malformed-chain@none', Array.from({ length: 12 }, () => leaf.der)],
  ['a certificate twice', 'malformed-chain@2', [leaf.der, ca.der, ca.der]],
  ['the wrong order', 'malformed-chain@1', [ca.der, leaf.der]],
  ['a gap', 'malformed-chain@1', [issueEndEntity({ issuer: sub, subject: 'leaf' }).der, ca.der]],
  ['an unrelated certificate at the end', 'malformed-chain@3', [leaf.der, ca.der, root.der, otherRoot.der]],
  ['no anchors', 'untrusted-chain@1', [leaf.der, ca.der], []],
  ['another anchor', 'untrusted-chain@1', [leaf.der, ca.der], [otherRoot.der]],
  ['a root in band that is no anchor', 'untrusted-chain@2', [leaf.der, ca.der, root.der], [otherRoot.der]],
  ["a root in band with an anchor's name", 'untrusted-chain@2', [...below(issueCa({ issuer: impostor, subject: 'ca' })), impostor.der]],
  ['a self-signed end-entity', 'untrusted-chain@0', [selfSigned.der]],
  ['an issuer name that the issuer does not have', 'untrusted-chain@0', under({ shape: { issuer: raw.commonName('someone') } })],
  ['no authority key identifier', 'aki-mismatch@0', under({ extensions: { authorityKeyId: null } })],
  [
    'another authority key identifier',
    'aki-mismatch@0',
    under({ extensions: { authorityKeyId: raw.authorityKeyId(raw.keyIdOf(root.key)) } }),
  ],
  ['a CA without subject key identifier', 'aki-mismatch@0', below(noSki)],
  ['a signature by another key', 'bad-cert-signature@0', under({ shape: { signature: () => Buffer.from(otherRoot.der.subarray(-71)) } })],
  [
    'a changed signature on the CA',
    'bad-cert-signature@1',
    through({ shape: { signature: (s) => Buffer.concat([s.subarray(0, -1), Buffer.from([(s.at(-1) ?? 0) ^ 1])]) } }),
  ],
  [
    'a CA whose basicConstraints are missing',
    'not-a-ca@1',
    through({ extensions: { basicConstraints: null, keyUsage: raw.keyUsage([0]) } }),
  ],
  [
    'a CA with cA FALSE',
    'not-a-ca@1',
    through({ extensions: { basicConstraints: raw.basicConstraints(false), keyUsage: raw.keyUsage([0]) } }),
  ],
  ['a CA with keyCertSign but without basicConstraints', 'not-a-ca@1', through({ extensions: { basicConstraints: null } })],
  ['a CA with keyCertSign but cA FALSE', 'not-a-ca@1', through({ extensions: { basicConstraints: raw.basicConstraints(false) } })],
  [
    'a CA with non-critical basicConstraints',
    'not-a-ca@1',
    through({ extensions: { basicConstraints: raw.basicConstraints(true, null, false) } }),
  ],
  ['a CA without keyCertSign', 'not-a-ca@1', through({ extensions: { keyUsage: raw.keyUsage([6]) } })],
  ['an end-entity with keyCertSign', 'bad-key-usage@0', under({ extensions: { keyUsage: raw.keyUsage([0, 5]) } })],
  [
    'more CAs than pathLenConstraint allows',
    'path-length@1',
    [issueEndEntity({ issuer: underZero, subject: 'leaf' }).der, underZero.der, zero.der],
  ],
  ['an unknown critical extension in the end-entity', 'unknown-critical-ext@0', under({ extensions: { unknown } })],
  ['an unknown critical extension in a CA', 'unknown-critical-ext@1', through({ extensions: { unknown } })],
  [
    'a critical authority key identifier',
    'unknown-critical-ext@0',
    under({ extensions: { authorityKeyId: raw.authorityKeyId(raw.keyIdOf(ca.key), true) } }),
  ],
  ['an extension twice', 'duplicate-extension@0', under({ extensions: { again: raw.keyUsage([0]) } })],
  ['a precertificate', 'precertificate@0', under({ extensions: { poison: raw.extension('1.3.6.1.4.1.11129.2.4.3', raw.NULL, true) } })],
  ['an expired end-entity', 'cert-expired@0', under({ shape: expired })],
  ['an expired CA', 'cert-expired@1', through({ shape: expired })],
  ['an end-entity that is not valid yet', 'cert-not-yet-valid@0', under({ shape: future })],
  ['a CA that is not valid yet', 'cert-not-yet-valid@1', through({ shape: future })],
  ['SHA-1', 'unsupported-cert-alg@0', under({ shape: { algorithm: raw.ECDSA_SHA1, digest: 'sha1' } })],
  ['SHA-384 under a P-256 CA', 'unsupported-cert-alg@0', under({ shape: { algorithm: raw.ECDSA_SHA384, digest: 'sha384' } })],
  [
    'ECDSA with NULL parameters',
    'unsupported-cert-alg@0',
    under({ shape: { algorithm: encodeSequence(encodeOid('1.2.840.10045.4.3.2'), raw.NULL) } }),
  ],
  ['an Ed25519 key', 'unsupported-key@0', under({ shape: { spki: ed25519 } })],
  ['a curve given by its parameters', 'unsupported-key@0', under({ shape: { spki: explicitCurve } })],
  ['a compressed point', 'unsupported-key@0', under({ shape: { spki: point(2, raw.newEcKey()) } })],
  ['a point off its curve', 'unsupported-key@0', under({ shape: { spki: point(4, raw.newEcKey()) } })],
  ['a secp256k1 key', 'unsupported-key@0', under({ key: raw.newEcKey('secp256k1') })],
  ['an RSA key of 1024 bits', 'unsupported-key@0', under({ key: raw.newRsaKey(1024) })],
  [
    'name constraints in an end-entity',
    'name-constraints@0',
    under({ extensions: { nc: raw.nameConstraints([raw.dns('example.com')], []) } }),
  ],
  ['a policy mapped from anyPolicy', 'bad-policy@1', through({ extensions: { m: raw.mappings(['2.5.29.32.0', '1.2.3']) } })],
  ['an explicit policy that nobody gives', 'bad-policy@0', through({ extensions: { c: raw.requireExplicitPolicy(0) } })],
  ['an empty issuer', 'malformed-cert@0', under({ shape: { issuer: encodeSequence() } })],
  [
    'an empty subject without critical subjectAltName',
    'malformed-cert@0',
    under({ shape: { subject: encodeSequence() }, extensions: { san: raw.subjectAltName([raw.dns('a.example')]) } }),
  ],
  [
    'a subjectAltName that is no DER',
    'malformed-cert@0',
    under({ extensions: { san: raw.extension('2.5.29.17', Buffer.from('example.com')) } }),
  ],
];

describe('a path with one defect', () => {
  for (const [name, outcome, path, trusted] of MISFITS) {
    test(`is refused with ${outcome}: ${name}`, () => {
      expect(outcomeOf(() => judgeRfc5280(path, trusted ?? anchors))).toBe(outcome);
      expect(outcomeOf(() => judgeStir(path, trusted ?? anchors))).toBe(outcome);
    });
  }
});

describe('what RFC 5280 leaves open, or tells only who issues', () => {
  const explicit = (critical: boolean): Buffer => raw.requireExplicitPolicy(9, critical);
  const noAny = (critical: boolean): Buffer => raw.extension('2.5.29.54', encodeInteger(9n), critical);
  const named = (text: string): Buffer[] => under({ extensions: { san: raw.subjectAltName([raw.dns(text)]) } });
  const CASES: ReadonlyArray<readonly [string, Buffer[], string, string]> = [
    ['a CA without keyUsage', through({ extensions: { keyUsage: null } }), 'accepted', 'not-a-ca@1'],
    ['policyConstraints that are critical', through({ extensions: { c: explicit(true) } }), 'accepted', 'accepted'],
    ['policyConstraints that are not', through({ extensions: { c: explicit(false) } }), 'bad-policy@1', 'accepted'],
    ['inhibitAnyPolicy that is critical', through({ extensions: { c: noAny(true) } }), 'accepted', 'accepted'],
    ['inhibitAnyPolicy that is not', through({ extensions: { c: noAny(false) } }), 'bad-policy@1', 'accepted'],
    ['a dNSName of hosts', named('3a-b.Example.com'), 'accepted', 'accepted'],
    ['a dNSName with a wildcard', named('*.example.com'), 'accepted', 'accepted'],
    ['a dNSName with an underscore', named('a_b.example.com'), 'malformed-cert@0', 'accepted'],
    ['a dNSName with an empty label', named('.example.com'), 'malformed-cert@0', 'accepted'],
    ['a dNSName of a wildcard alone', named('*'), 'malformed-cert@0', 'accepted'],
    ['a dNSName with a label of 64', named(`${'a'.repeat(64)}.example`), 'malformed-cert@0', 'accepted'],
    ['a dNSName of 254', named(`${'a.'.repeat(126)}aa`), 'malformed-cert@0', 'accepted'],
  ];
  for (const [name, path, byRfc5280, byTrustProfiles] of CASES) {
    test(`is ${byRfc5280} by rfc5280 and ${byTrustProfiles} under the trust profiles: ${name}`, () => {
      expect(outcomeOf(() => judgeRfc5280(path, anchors))).toBe(byRfc5280);
      expect(outcomeOf(() => judgeStir(path, anchors))).toBe(byTrustProfiles);
    });
  }
});

/** An anchor with one defect: `none` while it is not in the path, its place where it is. */
const BAD_ANCHORS: ReadonlyArray<readonly [string, string, raw.Issued]> = [
  ['expired', 'cert-expired', issueCa({ issuer: null, subject: 'r', shape: expired })],
  ['not valid yet', 'cert-not-yet-valid', issueCa({ issuer: null, subject: 'r', shape: future })],
  ['no CA', 'not-a-ca', issueCa({ issuer: null, subject: 'r', extensions: { basicConstraints: null, keyUsage: raw.keyUsage([0]) } })],
  ['no CA, and yet with keyCertSign', 'not-a-ca', issueCa({ issuer: null, subject: 'r', extensions: { basicConstraints: null } })],
  ['without keyCertSign', 'not-a-ca', issueCa({ issuer: null, subject: 'r', extensions: { keyUsage: raw.keyUsage([6]) } })],
  ['with an unknown critical extension', 'unknown-critical-ext', issueCa({ issuer: null, subject: 'r', extensions: { unknown } })],
  [
    'with the identifier of another issuer',
    'aki-mismatch',
    issueCa({ issuer: null, subject: 'r', extensions: { authorityKeyId: raw.authorityKeyId(Buffer.alloc(20, 1)) } }),
  ],
  [
    'issued by another, without its identifier',
    'aki-mismatch',
    issueCa({ issuer: otherRoot, subject: 'r', extensions: { authorityKeyId: null } }),
  ],
  [
    'with pathLenConstraint 0 over a CA',
    'path-length',
    issueCa({ issuer: null, subject: 'r', extensions: { basicConstraints: raw.basicConstraints(true, 0) } }),
  ],
];

describe('an anchor is judged as a CA certificate', () => {
  for (const [name, reason, anchor] of BAD_ANCHORS) {
    test(`and refused with ${reason}: ${name}`, () => {
      const path = below(issueCa({ issuer: anchor, subject: 'ca' }));
      const positions = reason === 'path-length' ? ['1', '1'] : ['none', '2'];
      expect(outcomeOf(() => judgeRfc5280(path, [anchor.der]))).toBe(`${reason}@${positions[0]}`);
      expect(outcomeOf(() => judgeRfc5280([...path, anchor.der], [anchor.der]))).toBe(`${reason}@${positions[1]}`);
    });
  }

  test('and may leave its own authority key identifier out when it is self-signed', () => {
    const bare = issueCa({ issuer: null, subject: 'r', extensions: { authorityKeyId: null } });
    expect(outcomeOf(() => judgeStir([...below(issueCa({ issuer: bare, subject: 'ca' })), bare.der], [bare.der]))).toBe('accepted');
  });
});

describe('the length of a path', () => {
  const rolled = issueCa({ issuer: zero, subject: 'ca', extensions: { basicConstraints: raw.basicConstraints(true, 0) } });

  test('does not count self-issued CAs', () => {
    expect(outcomeOf(() => judgeRfc5280([issueEndEntity({ issuer: rolled, subject: 'leaf' }).der, rolled.der, zero.der], anchors))).toBe(
      'accepted',
    );
  });

  test('does not count the last certificate, though it be a CA', () => {
    expect(outcomeOf(() => judgeRfc5280([underZero.der, zero.der], anchors))).toBe('accepted');
    expect(outcomeOf(() => judgeStir([underZero.der, zero.der], anchors))).toBe('leaf-is-ca@0');
  });

  test('is bounded by maxDepth, counted without self-issued CAs, end-entity and anchor', () => {
    const path = [issueEndEntity({ issuer: sub, subject: 'leaf' }).der, sub.der, ca.der, root.der];
    expect(outcomeOf(() => judgeRfc5280(path, anchors, { maxDepth: 2 }))).toBe('accepted');
    expect(outcomeOf(() => judgeRfc5280(path, anchors, { maxDepth: 1 }))).toBe('path-length@1');
    expect(outcomeOf(() => judgeRfc5280(path, anchors, { maxDepth: 0 }))).toBe('path-length@2');
  });

  test('is at most 5 certificates under the trust profiles and 10 by rfc5280, the anchor not counted', () => {
    const cas = [root];
    for (let i = 0; i < 10; i += 1) cas.push(issueCa({ issuer: cas.at(-1) ?? root, subject: `ca ${i}` }));
    const pathOf = (length: number): Buffer[] => [
      issueEndEntity({ issuer: cas[length - 1] ?? root, subject: 'leaf' }).der,
      ...cas
        .slice(1, length)
        .toReversed()
        .map(({ der }) => der),
    ];
    expect(outcomeOf(() => judgeStir([...pathOf(5), root.der], anchors))).toBe('accepted');
    expect(outcomeOf(() => judgeStir(pathOf(6), anchors))).toBe('malformed-chain@none');
    expect(outcomeOf(() => judgeRfc5280([...pathOf(10), root.der], anchors))).toBe('accepted');
    expect(outcomeOf(() => judgeRfc5280(pathOf(11), anchors))).toBe('malformed-chain@none');
  });

  test('leaves room for certificates of 8 KiB under the trust profiles', () => {
    const padded = (octets: number): Buffer[] =>
      under({ extensions: { pad: raw.extension('1.2.3.5', raw.octetString(Buffer.alloc(octets))) } });
    expect(outcomeOf(() => judgeStir(padded(7000), anchors))).toBe('accepted');
    expect(outcomeOf(() => judgeStir(padded(8192), anchors))).toBe('cert-too-large@0');
    expect(outcomeOf(() => judgeRfc5280(padded(8192), anchors))).toBe('accepted');
  });
});

describe('path lengths', () => {
  const keys = Array.from({ length: 6 }, () => raw.newEcKey());
  const authority = fc.record({ limit: fc.option(fc.integer({ min: 0, max: 3 })), isSelfIssued: fc.boolean() });
  type Authority = { limit: number | null; isSelfIssued: boolean };

  /** RFC 5280 section 4.2.1.9 as it is worded: of the CAs that follow a limit, those that are not self-issued and not last are counted. */
  const isWithin = ([anchor, ...cas]: readonly Authority[], maxDepth: number | null): boolean =>
    [{ limit: maxDepth }, { limit: anchor?.limit ?? null }, ...cas].every(({ limit }, i) => {
      const following = i < 2 ? cas : cas.slice(i - 1);
      return limit === null || following.filter(({ isSelfIssued }) => !isSelfIssued).length <= limit;
    });

  test('are judged as a naive reading of the RFC judges them', () => {
    fc.assert(
      fc.property(fc.array(authority, { minLength: 1, maxLength: 5 }), fc.option(fc.integer({ min: 0, max: 4 })), (cas, maxDepth) => {
        const issued: raw.Issued[] = [];
        cas.forEach(({ limit, isSelfIssued }, i) => {
          const issuer = issued.at(-1) ?? null;
          const key = keys[i] ?? raw.newEcKey();
          const shape = isSelfIssued && issuer !== null ? { subject: issuer.name } : {};
          issued.push(
            issueCa({ issuer, subject: `ca ${i}`, key, shape, extensions: { basicConstraints: raw.basicConstraints(true, limit) } }),
          );
        });
        const [anchor = root, ...middle] = issued;
        const end = issueEndEntity({ issuer: issued.at(-1) ?? root, subject: 'leaf', key: leaf.key });
        const path = [end.der, ...middle.toReversed().map(({ der }) => der)];
        const outcome = outcomeOf(() => judgeRfc5280(path, [anchor.der], maxDepth === null ? {} : { maxDepth }));
        expect(outcome.replace(/@.*/, '')).toBe(isWithin(cas, maxDepth) ? 'accepted' : 'path-length');
      }),
      { numRuns: 200 },
    );
  });
});

describe('a second instant', () => {
  const path = under({ shape: { notBefore: day('2026-05-01T00:00:00Z') } });
  const iat = (text: string): number => Date.parse(text) / 1000;

  test('must lie in the validity of every certificate too', () => {
    expect(outcomeOf(() => judgeStir(path, anchors, { iat: iat('2026-05-02T00:00:00Z') }))).toBe('accepted');
    expect(outcomeOf(() => judgeStir(path, anchors, { iat: iat('2026-04-30T23:59:59Z') }))).toBe('cert-validity-iat@0');
  });
});

describe('hostile anchors', () => {
  test('of one name and key identifier are tried within the budget of signature checks', () => {
    const twins = Array.from({ length: 80 }, () =>
      issueCa({
        issuer: null,
        subject: 'root',
        extensions: { subjectKeyId: raw.subjectKeyId(raw.keyIdOf(root.key)), authorityKeyId: null },
      }),
    );
    const started = process.cpuUsage();
    expect(
      outcomeOf(() =>
        judgeRfc5280(
          [leaf.der, ca.der],
          twins.map(({ der }) => der),
        ),
      ),
    ).toBe('bad-cert-signature@1');
    expect(process.cpuUsage(started).user).toBeLessThan(1_000_000);
    expect(outcomeOf(() => judgeRfc5280([leaf.der, ca.der], [...twins.slice(0, 10).map(({ der }) => der), root.der]))).toBe('accepted');
  });

  test('keep their reason when the signature is empty', () => {
    const empty = under({ shape: { signature: () => Buffer.alloc(0) } });
    expect(outcomeOf(() => judgeRfc5280(empty, anchors))).toBe('bad-cert-signature@0');
    const bare = encodeTlv(0x30);
    expect(outcomeOf(() => judgeRfc5280([bare], anchors))).toBe('malformed-cert@0');
  });
});
