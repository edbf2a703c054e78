import { OctetWriter } from './octets.js';
import { EPOCH, FAR_PROVIDER, HEAD, LIFETIME, MAPPING, OPERATOR, PARTIES, PORTS, PREFERENCES, PREFERRED, VERSION } from './packed-form.js';
import { everyMapping, type AgreedPort, type Mapping, type PortHalf, type Preference, type Subject } from './subject.js';

/** The providers of the order marks first, one each, then those that only mappings and preferences name. */
const providersOf = (subject: Subject): readonly string[] => {
  const providers = subject.order.map((mark) => mark.provider);
  const add = (provider: string | undefined): void => {
    if (provider !== undefined && !providers.includes(provider)) providers.push(provider);
  };
  for (const mapping of everyMapping(subject)) add(mapping.provider);
  for (const member of PREFERENCES) add(subject.preference?.[member]);
  return providers;
};

const writeTime = (writer: OctetWriter, seconds: number): void => writer.signed(seconds - EPOCH);

const writeJti = (writer: OctetWriter, jti: string): void => {
  const octets = Buffer.from(jti, 'base64url');
  // A jti is any text of the base64url alphabet, so it need not be the base64url of anything.
  const isText = octets.toString('base64url') !== jti;
  const kept = isText ? Buffer.from(jti) : octets;
  writer.unsigned(2 * kept.length + (isText ? 1 : 0));
  writer.raw(kept);
};

const fixed = (octets: Buffer, length: number): Buffer => {
  if (octets.length !== length) throw new RangeError('a digest of a mapping has the wrong length');
  return octets;
};

/** What a subject's mappings are written against. */
interface Frame {
  readonly subject: Subject;
  readonly providers: readonly string[];
  readonly isPlain: boolean;
}

const writeOperator = (writer: OctetWriter, { operator, authority }: Mapping): void => {
  if (operator === null) return writer.octet(OPERATOR.none);
  if (operator === authority) return writer.octet(OPERATOR.authority);
  writer.octet(OPERATOR.other);
  writer.text(operator);
};

const writeMapping = (writer: OctetWriter, mapping: Mapping, { subject, providers, isPlain }: Frame): void => {
  const number = providers.indexOf(mapping.provider);
  const latest = mapping.leafIndex === subject.leafIndex;
  const flags =
    (mapping.purpose === 'business' ? MAPPING.business : 0) |
    (mapping.kind === 'service' ? MAPPING.service : 0) |
    (mapping.circle === null ? 0 : MAPPING.circle) |
    (latest ? MAPPING.latest : 0);
  writer.octet((Math.min(number, FAR_PROVIDER) << 4) | flags);
  if (number >= FAR_PROVIDER) writer.unsigned(number);
  writer.text(mapping.user);
  if (!latest) writer.unsigned(subject.leafIndex - mapping.leafIndex);
  writer.unsigned(2 * (mapping.leafIndex - mapping.firstIndex) + (mapping.attest ? 1 : 0));
  writer.signed(mapping.expires - LIFETIME - (subject.order[number]?.iat ?? EPOCH));
  writer.raw(fixed(Buffer.from(mapping.credential, 'hex'), 16));
  writer.text(mapping.authority);
  if (mapping.circle !== null) writer.raw(fixed(Buffer.from(mapping.circle, 'base64url'), 32));
  if (!isPlain) writeOperator(writer, mapping);
};

const writePort = (writer: OctetWriter, { from, to, effective, attestBy, pending }: AgreedPort, frame: Frame): void => {
  for (const spc of [from, to]) writer.text(spc);
  for (const seconds of [effective, attestBy]) writeTime(writer, seconds);
  writer.unsigned(pending.length);
  for (const mapping of pending) writeMapping(writer, mapping, frame);
};

const writeHalf = (writer: OctetWriter, { by, from, to, effective, iat, until, jti }: PortHalf): void => {
  writer.octet(PARTIES.indexOf(by));
  for (const spc of [from, to]) writer.text(spc);
  for (const seconds of [effective, iat, until]) writeTime(writer, seconds);
  writeJti(writer, jti);
};

const writePorts = (writer: OctetWriter, frame: Frame): void => {
  const { record, port, halves } = frame.subject;
  writer.octet((halves.length << 4) | (record === null ? 0 : PORTS.record) | (port === null ? 0 : PORTS.port));
  if (record !== null) {
    writer.text(record.spc);
    writeTime(writer, record.since);
  }
  if (port !== null) writePort(writer, port, frame);
  for (const half of halves) writeHalf(writer, half);
};

const writePreference = (writer: OctetWriter, preference: Preference, providers: readonly string[]): void => {
  const named = PREFERENCES.filter((member) => preference[member] !== undefined);
  writer.octet(named.reduce((bits, member) => bits | PREFERRED[member], 0));
  for (const member of named) writer.unsigned(providers.indexOf(preference[member] ?? ''));
};

/**
 * The octets of a subject, for the mapping store and snapshots. A subject with one mapping takes about 75.
 * A subject that `transition` cannot have made (indices out of order, digests of other lengths) is a bug: RangeError.
 */
export const packSubject = (subject: Subject): Uint8Array => {
  const writer = new OctetWriter();
  const providers = providersOf(subject);
  const isPlain =
    subject.record === null &&
    subject.port === null &&
    subject.halves.length === 0 &&
    subject.mappings.every(({ operator }) => operator === null);
  const frame = { subject, providers, isPlain };
  const ordinary = providers.length === 1 && subject.order.length === 1 && subject.mappings.length === 1;
  const head =
    (subject.quarantined ? HEAD.quarantined : 0) |
    (subject.fence === 0 ? 0 : HEAD.fenced) |
    (subject.preference === null ? 0 : HEAD.preference) |
    (ordinary ? HEAD.ordinary : 0);
  writer.octet(((isPlain ? VERSION.plain : VERSION.ported) << 4) | head);
  writer.unsigned(subject.keySlot);
  writer.unsigned(subject.leafIndex);
  if (subject.fence !== 0) writer.unsigned(subject.fence);
  if (!ordinary) for (const list of [providers, subject.order, subject.mappings]) writer.unsigned(list.length);
  for (const provider of providers) writer.text(provider);
  for (const { iat, jti } of subject.order) {
    writeTime(writer, iat);
    writeJti(writer, jti);
  }
  for (const mapping of subject.mappings) writeMapping(writer, mapping, frame);
  if (subject.preference !== null) writePreference(writer, subject.preference, providers);
  if (!isPlain) writePorts(writer, frame);
  return writer.finish();
};
