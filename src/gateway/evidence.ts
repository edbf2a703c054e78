import type { EvidenceRecord, Vault } from '../ports/index.js';
import { refuse, Refusal, type Reason } from '../reasons/index.js';
import type { PortedNumber, VerifyInput } from '../verification/index.js';
import type { Principal } from './use-cases.js';

/**
 * What a decision was made from, beside the generation that its leaf names and the log before it: all that the verifier was given. `audit replay` gives it
 * the same again.
 */
export type Evidence =
  | { readonly kind: 'passport'; readonly client: Principal; readonly input: PassportInput }
  /** By the connection alone: nothing was verified but who is connected. */
  | { readonly kind: 'withdrawal'; readonly client: Principal; readonly sii: string; readonly ssi: string };

/** `VerifyInput` without the client. */
export interface PassportInput extends Omit<VerifyInput, 'client' | 'passport'> {
  readonly passport: string;
}

/** AES-GCM context of an entry's evidence: its index, and what it is, so that it can be moved neither to another entry nor in place of the sealed event. */
export const evidenceContext = (index: number): Buffer => {
  const context = Buffer.from('\0\0\0\0\0\0\0\0evidence/1', 'latin1');
  context.writeBigUInt64BE(BigInt(index));
  return context;
};

/** Null where none is kept, or its key is gone. @throws Refusal `log-corrupt` when it does not open */
export const unsealEvidence = (vault: Pick<Vault, 'open'>, index: number, record: EvidenceRecord | null): Uint8Array | null =>
  record === null || record.sealed.length === 0 ? null : vault.open(record.keySlot, evidenceContext(index), record.sealed);

const base64 = (octets: Uint8Array): string => Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('base64');

/** The JSON form (docs/log-format.md), as it is sealed and as an opening shows it. What there is none of is left out. */
export const encodeEvidence = (evidence: Evidence): Buffer => {
  const { domain, kind, class: cls, spc } = evidence.client;
  const client = { domain, kind, class: cls, spc };
  if (evidence.kind === 'withdrawal') {
    const { sii, ssi } = evidence;
    return Buffer.from(JSON.stringify({ v: 1, client, withdrawal: { sii, ssi } }));
  }
  const { passport, at, chain, unacquired, tnLists, ocsp, ported } = evidence.input;
  const more = JSON.stringify({
    chain: chain?.map(base64),
    unacquired: unacquired === undefined ? undefined : { reason: unacquired.reason, detail: unacquired.detail },
    tnLists: tnLists === undefined || tnLists.size === 0 ? undefined : [...tnLists].map(([url, der]) => [url, base64(der)]),
    ocsp: ocsp === undefined || ocsp.length === 0 ? undefined : ocsp.map(base64),
    ported: ported ?? undefined,
  });
  const head = JSON.stringify({ v: 1, client, at });
  return Buffer.from(`${head.slice(0, -1)},"passport":${quoted(passport)}${more === '{}' ? '' : `,${more.slice(1, -1)}`}}`);
};

const PLAIN = /^[A-Za-z0-9_.-]*$/;

/** A compact JWS needs no escapes, and `JSON.stringify` takes ten times as long to see it [measured]. */
const quoted = (text: string): string => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text));

interface Form {
  readonly v: number;
  readonly client: Principal;
  readonly withdrawal?: { readonly sii: string; readonly ssi: string };
  readonly at: number;
  readonly passport: string;
  readonly chain?: readonly string[];
  readonly unacquired?: { readonly reason: Reason; readonly detail?: string };
  readonly tnLists?: readonly (readonly [string, string])[];
  readonly ocsp?: readonly string[];
  readonly ported?: PortedNumber;
}

const octets = (text: string): Buffer => Buffer.from(text, 'base64');

/**
 * The inverse of `encodeEvidence`. What was sealed was authenticated by the vault, so a misfit is corruption, or a form of a later build.
 * @throws Refusal `log-corrupt`
 */
export const decodeEvidence = (plaintext: Uint8Array): Evidence => {
  try {
    return evidenceOf(JSON.parse(Buffer.from(plaintext).toString('utf8')) as Form);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    return refuse('log-corrupt', 'evidence');
  }
};

const evidenceOf = (form: Form): Evidence => {
  const { v, client, withdrawal, at, passport, chain, unacquired, tnLists, ocsp, ported } = form;
  if (v !== 1) return refuse('log-corrupt', `evidence of version ${String(v)}, which this build does not read`);
  if (withdrawal !== undefined) return { kind: 'withdrawal', client, ...withdrawal };
  const input = {
    passport,
    at,
    chain: chain?.map(octets),
    unacquired: unacquired === undefined ? undefined : new Refusal(unacquired.reason, unacquired.detail),
    tnLists: new Map((tnLists ?? []).map(([url, der]) => [url, octets(der)])),
    ocsp: (ocsp ?? []).map(octets),
    ported,
  };
  return { kind: 'passport', client, input };
};
