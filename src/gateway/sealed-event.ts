import type { RegistryEvent } from '../registry/event.js';
import type { Preference } from '../registry/subject.js';
import type { JudgedUnder, PendingPort, Signer, Versions } from '../verification/verdict.js';
import { Refusal, refuse } from '../reasons/index.js';
import type { CredentialEntry } from './credential-book.js';

/** How long an answer is remembered, and by whom it was asked for: the replay key of an accepted PASSporT. */
export interface SpentFacts {
  /** SHA-256 of the signing input. */
  readonly signingDigest: Uint8Array;
  /** Domain of the client that presented it. */
  readonly client: string;
  /** Whether its path came from x5u. */
  readonly byReference: boolean;
}

/** What the WAL holds sealed beside an accepted leaf: all that the fold needs, and the opening of the leaf's commitments. */
export interface SealedEvent {
  readonly event: RegistryEvent;
  readonly opening: Uint8Array;
  /** Seconds that a mapping lives, by the policy in force at the commit. */
  readonly mappingLifetime: number;
  /** Null for a withdrawal by connection. */
  readonly spent: SpentFacts | null;
  /** What the credential of a register is judged again by; null for every other event. */
  readonly credential: CredentialEntry | null;
}

/** What the WAL holds sealed beside the leaf of a refusal, under a key that dies with the retention period. */
export interface SealedRefusal {
  readonly opening: Uint8Array;
  readonly sii: string | null;
  readonly ssi: string | null;
}

/**
 * The leaf names the versions; the sealed event does not repeat them. A replay applies what was applied: its context has the same.
 */
export const AS_JUDGED: Versions = { trust: '', revocation: '', numbering: '', policy: '' };

const b64 = (octets: Uint8Array): string => Buffer.from(octets).toString('base64url');
const octets = (text: unknown): Uint8Array => Buffer.from(text as string, 'base64url');

/**
 * Version 3 of the sealed form: a JSON array, positions fixed, so that a record stays small. Version 2 had no ports and no operators, and is read still;
 * version 1 had no credential.
 */
const VERSION = 3;
const BEFORE_PORTS = 2;

export const encodeSealedEvent = ({ event, opening, mappingLifetime, spent, credential }: SealedEvent): Buffer => {
  const head = [VERSION, b64(opening), event.type, event.sii, mappingLifetime];
  const signed =
    event.type === 'withdraw-by-connection'
      ? null
      : [event.iat, event.exp, event.jti, encodeSigner(event.signer), ...encodeJudgedUnder(event.judgedUnder)];
  const spentFacts = spent === null ? null : [b64(spent.signingDigest), spent.client, ...(spent.byReference ? [1] : [])];
  const origin = credential === null ? null : [credential.class, b64(credential.serial)];
  return Buffer.from(JSON.stringify([...head, signed, spentFacts, encodeBody(event), origin]));
};

const encodeJudgedUnder = ({ providerOfRecord, underPort }: JudgedUnder): unknown[] =>
  underPort === null ? [providerOfRecord] : [providerOfRecord, [underPort.to, underPort.effective]];

const encodeBody = (event: RegistryEvent): unknown[] => {
  switch (event.type) {
    case 'register':
      return [event.provider, event.ssi, event.purpose, event.kind, event.circle, event.operator];
    case 'withdraw':
    case 'withdraw-by-connection':
      return [event.provider, event.ssi];
    case 'prefer':
      return [event.provider, event.ssi, event.preference];
    case 'port':
      return [event.from, event.to, event.effective, event.pairBy, event.attestBy];
    case 'release':
      return [];
  }
};

const encodeSigner = (signer: Signer): unknown[] => [
  signer.kind,
  signer.profile,
  signer.spc,
  signer.domain,
  b64(signer.spkiDigest),
  signer.assignedAfter,
  signer.fingerprints.map(b64),
  signer.personal.map(Number),
];

type SealedFields = [
  number,
  string,
  RegistryEvent['type'],
  string,
  number,
  SignedFields | null,
  [string, string, number?] | null,
  unknown[],
  [number, string] | null,
];

/** @throws Refusal `log-corrupt` */
const fieldsOf = (plaintext: Uint8Array): SealedFields => {
  const fields = JSON.parse(Buffer.from(plaintext).toString('utf8')) as SealedFields;
  if (fields[0] !== VERSION && fields[0] !== BEFORE_PORTS)
    return refuse(
      'log-corrupt',
      `sealed event of version ${String(fields[0])}, which this build does not read: begin a new data directory`,
    );
  if ((fields[2] === 'register') !== (fields[8] !== null)) return refuse('log-corrupt', 'sealed event without credential');
  return fields;
};

const corruptUnlessRefused = (error: unknown): never => {
  if (error instanceof Refusal) throw error;
  return refuse('log-corrupt', 'sealed event');
};

const credentialOf = (origin: SealedFields[8]): CredentialEntry | null =>
  origin === null ? null : { class: origin[0], serial: octets(origin[1]) };

/**
 * The inverse of `encodeSealedEvent`. The octets were authenticated by the vault, so a misfit is corruption, not an attack.
 * @throws Refusal `log-corrupt`
 */
export const decodeSealedEvent = (plaintext: Uint8Array): SealedEvent => {
  try {
    const [, opening, type, sii, mappingLifetime, signed, spent, body, origin] = fieldsOf(plaintext);
    return {
      event: decodeEvent(type, sii, signed, body),
      opening: octets(opening),
      mappingLifetime,
      spent: spent === null ? null : { signingDigest: octets(spent[0]), client: spent[1], byReference: spent[2] === 1 },
      credential: credentialOf(origin),
    };
  } catch (error) {
    return corruptUnlessRefused(error);
  }
};

/** What a sealed event has that follows from no evidence: whoever holds all its octets against those that are due reads no more of it. */
export const decodeUnfollowed = (plaintext: Uint8Array): Pick<SealedEvent, 'opening' | 'credential'> => {
  try {
    const fields = fieldsOf(plaintext);
    return { opening: octets(fields[1]), credential: credentialOf(fields[8]) };
  } catch (error) {
    return corruptUnlessRefused(error);
  }
};

type RegisterFields = [string, string, 'consumer' | 'business', 'user' | 'service', string | null, (string | null)?];

/** The last where the event relies on an agreed port. */
type SignedFields = [number, number, string, unknown[], string | null, [string, number]?];

const decodeEvent = (type: RegistryEvent['type'], sii: string, signed: SignedFields | null, body: unknown[]): RegistryEvent => {
  if (type === 'withdraw-by-connection') return { type, sii, provider: body[0] as string, ssi: body[1] as string };
  if (signed === null) return refuse('log-corrupt', 'sealed event without signer');
  const [iat, exp, jti, signer, providerOfRecord, port] = signed;
  const underPort: PendingPort | null = port === undefined ? null : { to: port[0], effective: port[1] };
  const base = { sii, iat, exp, jti, signer: decodeSigner(signer), judgedUnder: { ...AS_JUDGED, providerOfRecord, underPort } };
  switch (type) {
    case 'register': {
      const [provider, ssi, purpose, kind, circle, operator = null] = body as RegisterFields;
      return { type, ...base, provider, ssi, purpose, kind, circle, operator };
    }
    case 'withdraw':
      return { type, ...base, provider: body[0] as string, ssi: body[1] as string };
    case 'prefer':
      return { type, ...base, provider: body[0] as string, ssi: body[1] as string, preference: body[2] as Preference };
    case 'port': {
      const [from, to, effective, pairBy, attestBy] = body as [string, string, number, number, number];
      return { type, ...base, from, to, effective, pairBy, attestBy };
    }
    case 'release':
      return { type, ...base };
    default:
      return refuse('log-corrupt', 'sealed event type');
  }
};

const decodeSigner = (fields: unknown[]): Signer => {
  const [kind, profile, spc, domain, spki, assignedAfter, fingerprints, personal] = fields as [
    Signer['kind'],
    Signer['profile'],
    string | null,
    string | null,
    string,
    number,
    string[],
    number[],
  ];
  return {
    kind,
    profile,
    spc,
    domain,
    spkiDigest: octets(spki),
    assignedAfter,
    fingerprints: fingerprints.map(octets),
    personal: personal.map((flag) => flag === 1),
  };
};

export const encodeSealedRefusal = ({ opening, sii, ssi }: SealedRefusal): Buffer =>
  Buffer.from(JSON.stringify([1, b64(opening), sii, ssi]));

/** The inverse of `encodeSealedRefusal`. @throws Refusal `log-corrupt` */
export const decodeSealedRefusal = (plaintext: Uint8Array): SealedRefusal => {
  try {
    const [version, opening, sii, ssi] = JSON.parse(Buffer.from(plaintext).toString('utf8')) as [
      number,
      string,
      string | null,
      string | null,
    ];
    if (version === 1) return { opening: octets(opening), sii, ssi };
  } catch {
    // As below.
  }
  return refuse('log-corrupt', 'sealed refusal');
};
