import { hash } from 'node:crypto';
import {
  DerError,
  TAG,
  checkCanonicalDer,
  contentOf,
  contextConstructed,
  contextPrimitive,
  readChildren,
  readInteger,
  readOid,
  readWhole,
  wholeOf,
  type Tlv,
} from '../encoding/index.js';
import { Refusal, refuse } from '../reasons/index.js';
import { parseCertificate, type Certificate } from './certificate.js';
import { REVOCATION_REASONS, type Revocation } from './crl-entry.js';
import { DistinguishedName } from './distinguished-name.js';
import { readExtension, type Extension } from './extension.js';
import { readCertId, type OcspCertId } from './ocsp-cert-id.js';
import { OID } from './oids.js';
import type { PublicKey } from './public-key.js';
import { readSignatureAlgorithm, signatureHolds, type SignatureAlgorithm } from './signature-algorithm.js';
import { readTime } from './time.js';

/** A responder answers about one certificate, and shows its own; nobody needs more. */
const MAX_OCTETS = 32 * 1024;
const MAX_ANSWERS = 16;
const MAX_CERTIFICATES = 4;

/** What a response says of one certificate. Times are seconds since 1970. */
export interface OcspAnswer {
  readonly id: OcspCertId;
  readonly status: 'good' | 'revoked' | 'unknown';
  /** Where the status is revoked. */
  readonly revocation: Revocation | null;
  readonly thisUpdate: number;
  readonly nextUpdate: number | null;
  /** The number that the responder confirms (TNQuery, echoed); null: none. */
  readonly tn: string | null;
}

/** Who says that it answers, by name or by the hash of its key. */
export type ResponderId = { readonly name: DistinguishedName } | { readonly keyHash: Uint8Array };

/** A BasicOCSPResponse as parsed: nothing of it is verified. */
export interface OcspResponse {
  /** Lower-case hex SHA-256 of the whole response. */
  readonly digest: string;
  readonly responder: ResponderId;
  readonly producedAt: number;
  readonly answers: readonly OcspAnswer[];
  /** As echoed; null: none. */
  readonly nonce: Uint8Array | null;
  /** Certificates that came with it; what does not parse is left out. */
  readonly certificates: readonly Certificate[];
  readonly algorithm: SignatureAlgorithm;
  /** Whether the signature verifies under the key. @throws Refusal `unsupported-key` */
  signatureHolds(key: PublicKey): boolean;
}

const only = (der: Uint8Array, parent: Tlv): Tlv => {
  const [child, more] = readChildren(der, parent);
  if (child === undefined || more !== undefined) throw new DerError('one element');
  return child;
};

const generalizedTime = (der: Uint8Array, tlv: Tlv | undefined): number => {
  // RFC 6960 section 4.2.1: GeneralizedTime alone.
  if (tlv?.tag !== TAG.generalizedTime) throw new DerError('time');
  return readTime(der, tlv);
};

/** Extensions under an explicit tag, each once. An unknown critical one spoils whatever it stands in (RFC 6960 section 4.4). */
const readExtensions = (der: Uint8Array, tagged: Tlv | undefined, understood: readonly string[]): ReadonlyMap<string, Extension> => {
  const found = new Map<string, Extension>();
  if (tagged === undefined) return found;
  const list = only(der, tagged);
  if (list.tag !== TAG.sequence || list.content === list.end) throw new DerError('Extensions');
  for (const tlv of readChildren(der, list)) {
    const extension = readExtension(der, tlv);
    if (found.has(extension.oid)) throw new DerError('extension twice');
    if (extension.critical && !understood.includes(extension.oid)) throw new DerError('critical extension');
    found.set(extension.oid, extension);
  }
  return found;
};

/** TNQuery ::= E164Number, an IA5String of digits. */
const readTnQuery = ({ value }: Extension): string => {
  const text = Buffer.from(contentOf(value, readWhole(value, TAG.ia5String))).toString('latin1');
  if (!/^[0-9]{1,15}$/.test(text)) throw new DerError('TNQuery');
  return text;
};

const readRevoked = (der: Uint8Array, tlv: Tlv): Revocation => {
  const [time, tagged, more] = readChildren(der, tlv);
  if (more !== undefined || (tagged !== undefined && tagged.tag !== contextConstructed(0))) throw new DerError('RevokedInfo');
  const code = tagged === undefined ? null : only(der, tagged);
  if (code !== null && code.tag !== TAG.enumerated) throw new DerError('revocationReason');
  const reason = code === null ? null : (REVOCATION_REASONS.get(Number(readInteger(der, code))) ?? null);
  if (code !== null && reason === null) throw new DerError('revocationReason');
  return { revokedAt: generalizedTime(der, time), reason, invalidityDate: null };
};

const STATUS: ReadonlyMap<number, OcspAnswer['status']> = new Map([
  [contextPrimitive(0), 'good'],
  [contextConstructed(1), 'revoked'],
  [contextPrimitive(2), 'unknown'],
]);

/** Null where it is about a certificate that nothing here could name. */
const readAnswer = (der: Uint8Array, tlv: Tlv): OcspAnswer | null => {
  const [id, certStatus, thisUpdate, ...rest] = readChildren(der, tlv);
  const status = STATUS.get(certStatus?.tag ?? -1);
  if (tlv.tag !== TAG.sequence || id === undefined || certStatus === undefined || status === undefined)
    throw new DerError('SingleResponse');
  if (status !== 'revoked' && certStatus.content !== certStatus.end) throw new DerError('certStatus');
  const next = rest[0]?.tag === contextConstructed(0) ? rest.shift() : undefined;
  const tagged = rest[0]?.tag === contextConstructed(1) ? rest.shift() : undefined;
  if (rest.length > 0) throw new DerError('SingleResponse');
  const query = readExtensions(der, tagged, [OID.ocspTnQuery]).get(OID.ocspTnQuery);
  const certId = readCertId(der, id);
  const answer = {
    status,
    revocation: status === 'revoked' ? readRevoked(der, certStatus) : null,
    thisUpdate: generalizedTime(der, thisUpdate),
    nextUpdate: next === undefined ? null : generalizedTime(der, only(der, next)),
    tn: query === undefined ? null : readTnQuery(query),
  };
  return certId === null ? null : { id: certId, ...answer };
};

const readResponder = (der: Uint8Array, tlv: Tlv | undefined): ResponderId => {
  if (tlv?.tag === contextConstructed(1)) return { name: DistinguishedName.read(der, only(der, tlv)) };
  if (tlv?.tag !== contextConstructed(2)) throw new DerError('responderID');
  const key = only(der, tlv);
  if (key.tag !== TAG.octetString) throw new DerError('responderID');
  return { keyHash: contentOf(der, key) };
};

const readNonce = ({ value }: Extension): Uint8Array => contentOf(value, readWhole(value, TAG.octetString));

/** ResponseData (RFC 6960 section 4.2.1). */
const readData = (der: Uint8Array, tlv: Tlv): Pick<OcspResponse, 'responder' | 'producedAt' | 'answers' | 'nonce'> => {
  const parts = readChildren(der, tlv);
  // X.690 section 11.5: the default version, v1, is not written, and there is no other.
  const [responder, producedAt, responses, tagged, more] = parts;
  if (tlv.tag !== TAG.sequence || responses?.tag !== TAG.sequence || more !== undefined) throw new DerError('ResponseData');
  if (tagged !== undefined && tagged.tag !== contextConstructed(1)) throw new DerError('ResponseData');
  const list = readChildren(der, responses);
  if (list.length === 0 || list.length > MAX_ANSWERS) throw new DerError('responses');
  const nonce = readExtensions(der, tagged, [OID.ocspNonce]).get(OID.ocspNonce);
  return {
    responder: readResponder(der, responder),
    producedAt: generalizedTime(der, producedAt),
    answers: list.map((one) => readAnswer(der, one)).filter((answer) => answer !== null),
    nonce: nonce === undefined ? null : readNonce(nonce),
  };
};

const readCertificates = (der: Uint8Array, tagged: Tlv | undefined): Certificate[] => {
  if (tagged === undefined) return [];
  const list = only(der, tagged);
  if (tagged.tag !== contextConstructed(0) || list.tag !== TAG.sequence) throw new DerError('certs');
  const certificates = readChildren(der, list);
  if (certificates.length > MAX_CERTIFICATES) throw new DerError('certs');
  return certificates.flatMap((tlv) => {
    try {
      return [parseCertificate(wholeOf(der, tlv))];
    } catch (error) {
      if (error instanceof Refusal) return [];
      throw error;
    }
  });
};

const readBasic = (der: Uint8Array, digest: string): OcspResponse => {
  checkCanonicalDer(der);
  const [data, algorithm, signature, certs, more] = readChildren(der, readWhole(der, TAG.sequence));
  if (data === undefined || algorithm === undefined || signature?.tag !== TAG.bitString || more !== undefined)
    throw new DerError('BasicOCSPResponse');
  if (der[signature.content] !== 0) throw new DerError('signature');
  const known = readSignatureAlgorithm(der, algorithm);
  const octets = der.subarray(signature.content + 1, signature.end);
  return {
    digest,
    ...readData(der, data),
    certificates: readCertificates(der, certs),
    algorithm: known,
    signatureHolds: (key) => signatureHolds(known, key, wholeOf(der, data), octets),
  };
};

const read = (der: Uint8Array): OcspResponse => {
  if (der.length > MAX_OCTETS) throw new DerError('size');
  checkCanonicalDer(der);
  const [status, tagged, more] = readChildren(der, readWhole(der, TAG.sequence));
  if (status?.tag !== TAG.enumerated || more !== undefined) throw new DerError('OCSPResponse');
  // RFC 6960 section 4.2.1: anything but successful carries no answer.
  if (readInteger(der, status) !== 0n || tagged?.tag !== contextConstructed(0)) throw new DerError('responseStatus');
  const bytes = only(der, tagged);
  const [type, octets, extra] = readChildren(der, bytes);
  if (bytes.tag !== TAG.sequence || type === undefined || octets?.tag !== TAG.octetString || extra !== undefined)
    throw new DerError('ResponseBytes');
  if (readOid(der, type) !== OID.ocspBasic) throw new DerError('responseType');
  return readBasic(contentOf(der, octets), hash('sha256', der, 'hex'));
};

/**
 * Parses a successful OCSP response (RFC 6960 section 4.2.1), strictly: canonical DER inside and outside, one basic response.
 * @throws Unavailable `status-unavailable`, whatever the input's type
 */
export const parseOcspResponse = (der: unknown): OcspResponse => {
  if (!(der instanceof Uint8Array)) return refuse('status-unavailable', 'OCSP response');
  try {
    return read(der);
  } catch (error) {
    if (error instanceof DerError) return refuse('status-unavailable', 'OCSP response');
    throw error;
  }
};
