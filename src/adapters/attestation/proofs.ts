import { X509Certificate, createSecretKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { JsonError, parseStrictJson } from '../../encoding/index.js';
import type { Clock, SubscriberProof } from '../../ports/index.js';
import { CodeMessage } from './code-message.js';
import type { Hook } from './hook-call.js';
import { NumberVerification } from './number-verification.js';
import type { AttestationSettings, ServerSettings } from './settings.js';
import { SignedInSubscriber, type PortalTrust } from './signed-in-subscriber.js';

/** RFC 2104 section 3: a key shorter than the digest weakens the HMAC. */
const SECRET_OCTETS = 32;

const base64url = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
/** RFC 7518 section 6.2.1: public P-256 keys, without `d`. */
const publicKey = z.strictObject({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: base64url,
  y: base64url,
  kid: z.string().max(200).optional(),
  use: z.literal('sig').optional(),
  alg: z.literal('ES256').optional(),
});
const keySet = z.strictObject({ keys: z.array(publicKey).min(1).max(20) });

export interface ProofPlace {
  readonly directory: string;
  /** Mailboxes have no SIM. */
  readonly kind: 'np' | 'ep';
  readonly clock: Clock;
  /** Told when a proof gets no usable answer, in words that hold nothing personal. */
  readonly trouble: (proof: SubscriberProof['consent'], why: string) => void;
}

/** The proofs of a desk, with the files that they need; `problems` says all that is wrong, each with its file and what to do. */
export const openProofs = (settings: AttestationSettings, place: ProofPlace): { proofs: SubscriberProof[]; problems: string[] } => {
  const files = new ProofFiles(place.directory);
  const { otp, sim, operator } = settings;
  const proofs: SubscriberProof[] = [];
  if (otp !== undefined) {
    const secret = files.read(otp.secretFile, 'the secret of the message hook', secretOf);
    const hook = hookOf(otp, otp.url, 'otp', files, place);
    if (secret !== null) proofs.push(new CodeMessage(hook, secret));
  }
  if (sim !== undefined && place.kind === 'ep') files.problems.push('attestation.yaml: sim: a mail provider has none: take it out');
  else if (sim !== undefined) proofs.push(new NumberVerification(hookOf(sim, verifyUrl(sim.url), 'sim', files, place), place.clock));
  if (operator !== undefined) {
    const keys = files.read(operator.jwksFile, 'the keys of the portal', keysOf);
    if (keys !== null) proofs.push(new SignedInSubscriber({ ...operator, keys }, place.clock));
  }
  return { proofs, problems: files.problems };
};

/** The files that the settings name, and what is wrong with them. */
class ProofFiles {
  readonly problems: string[] = [];
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  read<T>(name: string, whatFor: string, parse: (octets: Buffer) => T | string): T | null {
    const path = join(this.#directory, name);
    let octets: Buffer;
    try {
      octets = readFileSync(path);
    } catch {
      this.problems.push(`${path}: ${whatFor} cannot be read: put it there, or correct attestation.yaml`);
      return null;
    }
    const parsed = parse(octets);
    if (typeof parsed !== 'string') return parsed;
    this.problems.push(`${path}: ${whatFor}: ${parsed}`);
    return null;
  }
}

const hookOf = (
  { caFile, timeoutMs }: ServerSettings,
  url: URL,
  proof: SubscriberProof['consent'],
  files: ProofFiles,
  place: ProofPlace,
): Hook => {
  const ca = caFile === undefined ? null : (files.read(caFile, `the authority of the server of ${proof}`, authorityOf)?.pem ?? null);
  return { url, ca, timeoutMs, trouble: (why) => place.trouble(proof, why) };
};

/** The root of the API, with or without a slash at its end. */
const verifyUrl = (root: URL): URL => new URL(`${root.origin}${root.pathname.replace(/\/$/, '')}/verify`);

const secretOf = (octets: Buffer): KeyObject | string => {
  const secret = octets.subarray(0, octets.at(-1) === 0x0a ? -1 : undefined);
  return secret.length < SECRET_OCTETS ? `shorter than ${SECRET_OCTETS} octets: make a longer one` : createSecretKey(secret);
};

const authorityOf = (octets: Buffer): { readonly pem: string } | string => {
  try {
    return { pem: new X509Certificate(octets).toString() };
  } catch {
    return 'not a certificate in PEM: replace it';
  }
};

const keysOf = (octets: Buffer): PortalTrust['keys'] | string => {
  const parsed = keySet.safeParse(jsonOf(octets));
  if (!parsed.success) return 'not a JWK set of public P-256 keys: replace it';
  const { keys } = parsed.data;
  const names = new Set(keys.map((key) => key.kid));
  if (keys.length > 1 && (names.has(undefined) || names.size < keys.length)) return 'several keys need a kid each: name them';
  return { keys: keys.map(({ kty, crv, x, y, kid }) => ({ kty, crv, x, y, ...(kid === undefined ? {} : { kid }) })) };
};

const jsonOf = (octets: Buffer): unknown => {
  try {
    return parseStrictJson(octets);
  } catch (error) {
    if (error instanceof JsonError) return null;
    throw error;
  }
};
