import { createHash, createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { createPublicKey } from 'node:crypto';
import { encodeLeaf, formatVkey, type LeafFields, type Signer } from '../../src/log/index.js';
import type { NoteSigner } from '../../src/ports/index.js';

/** An Ed25519 key made of a name: the same in every run. Protects nothing. */
const keyOf = (name: string): KeyObject => {
  const seed = createHash('sha256').update(`test key ${name}`).digest();
  return createPrivateKey({
    key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]),
    format: 'der',
    type: 'pkcs8',
  });
};

export const testSigner = (name: string, seed = name): NoteSigner => {
  const key = keyOf(seed);
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  const signNow = (message: Uint8Array): Uint8Array => sign(null, message, key);
  return { name, publicKey: Buffer.from(x ?? '', 'base64url'), sign: signNow, signInPool: (message) => Promise.resolve(signNow(message)) };
};

export const vkeyOf = (signer: Signer, type: 1 | 4 = 1): string => formatVkey(signer.name, signer.publicKey, type);

const digest = (text: string): string => createHash('sha256').update(text).digest('base64url');

export const testLeaf = (n: number, changes: Partial<LeafFields> = {}): LeafFields => ({
  v: 1,
  k: 'accept',
  t: 1_795_500_000_000 + n,
  act: 'register',
  ap: 'a.example',
  np: { spc: '709J', dom: null, iss: [digest('issuer'), digest('anchor')], ee: `*${digest(`ee ${n}`)}` },
  tok: digest(`token ${n}`),
  sii: digest(`sii ${n}`),
  map: digest(`map ${n}`),
  why: 'OK',
  pol: digest('policy'),
  tl: digest('trust'),
  num: digest('numbering'),
  rev: digest('revocation'),
  gw: 'signpost@test',
  ...changes,
});

export const testEntry = (n: number): Buffer => encodeLeaf(testLeaf(n));
