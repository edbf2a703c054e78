import { refuse } from '../reasons/index.js';
import { OctetReader } from './octets.js';
import { EPOCH, FAR_PROVIDER, HEAD, LIFETIME, MAPPING, OPERATOR, PARTIES, PORTS, PREFERENCES, PREFERRED, VERSION } from './packed-form.js';
import type { AgreedPort, Mapping, OrderMark, PortHalf, Preference, Subject } from './subject.js';

const readMany = <T>(count: number, read: (index: number) => T): T[] => {
  const list: T[] = [];
  // Every item takes an octet at least, so that a corrupt count ends with the octets.
  for (let index = 0; index < count; index++) list.push(read(index));
  return list;
};

const providerAt = (providers: readonly string[], number: number): string =>
  providers[number] ?? refuse('store-unavailable', 'a stored subject is corrupt: it names a provider that it does not list');

const readTime = (reader: OctetReader): number => reader.signed() + EPOCH;

const readJti = (reader: OctetReader): string => {
  const length = reader.unsigned();
  return reader.raw(Math.floor(length / 2)).toString(length % 2 === 1 ? 'latin1' : 'base64url');
};

const readMark = (reader: OctetReader, provider: string): OrderMark => ({ provider, iat: readTime(reader), jti: readJti(reader) });

interface Frame {
  readonly leafIndex: number;
  readonly providers: readonly string[];
  readonly order: readonly OrderMark[];
  readonly isPlain: boolean;
}

const readOperator = (reader: OctetReader, authority: string): string | null => {
  switch (reader.octet()) {
    case OPERATOR.none:
      return null;
    case OPERATOR.authority:
      return authority;
    case OPERATOR.other:
      return reader.text();
    default:
      return refuse('store-unavailable', 'a stored subject is corrupt: an operator of no kind');
  }
};

const readMapping = (reader: OctetReader, frame: Frame): Mapping => {
  const first = reader.octet();
  const number = first >> 4 === FAR_PROVIDER ? reader.unsigned() : first >> 4;
  const provider = providerAt(frame.providers, number);
  const user = reader.text();
  const leafIndex = frame.leafIndex - (first & MAPPING.latest ? 0 : reader.unsigned());
  const distance = reader.unsigned();
  const firstIndex = leafIndex - Math.floor(distance / 2);
  const expires = reader.signed() + LIFETIME + (frame.order[number]?.iat ?? EPOCH);
  const credential = reader.hex(16);
  const authority = reader.text();
  const circle = first & MAPPING.circle ? reader.raw(32).toString('base64url') : null;
  const operator = frame.isPlain ? null : readOperator(reader, authority);
  const purpose = first & MAPPING.business ? 'business' : 'consumer';
  const kind = first & MAPPING.service ? 'service' : 'user';
  const attest = distance % 2 === 1;
  return { provider, user, purpose, kind, circle, firstIndex, leafIndex, expires, attest, credential, authority, operator };
};

const readPreference = (reader: OctetReader, providers: readonly string[]): Preference => {
  const bits = reader.octet();
  const preference: { -readonly [member in keyof Preference]: string } = {};
  for (const member of PREFERENCES) if (bits & PREFERRED[member]) preference[member] = providerAt(providers, reader.unsigned());
  return preference;
};

const readPort = (reader: OctetReader, frame: Frame): AgreedPort => {
  const [from, to] = [reader.text(), reader.text()];
  const [effective, attestBy] = [readTime(reader), readTime(reader)];
  return { from, to, effective, attestBy, pending: readMany(reader.unsigned(), () => readMapping(reader, frame)) };
};

const readHalf = (reader: OctetReader): PortHalf => {
  const by = PARTIES[reader.octet()] ?? refuse('store-unavailable', 'a stored subject is corrupt: a half of nobody');
  const [from, to] = [reader.text(), reader.text()];
  const [effective, iat, until] = [readTime(reader), readTime(reader), readTime(reader)];
  return { by, from, to, effective, iat, until, jti: readJti(reader) };
};

type Ports = Pick<Subject, 'record' | 'port' | 'halves'>;

const readPorts = (reader: OctetReader, frame: Frame): Ports => {
  const head = reader.octet();
  const record = head & PORTS.record ? { spc: reader.text(), since: readTime(reader) } : null;
  const port = head & PORTS.port ? readPort(reader, frame) : null;
  return { record, port, halves: readMany(head >> 4, () => readHalf(reader)) };
};

const NO_PORTS: Ports = { record: null, port: null, halves: [] };

/** The inverse of `packSubject`. @throws Unavailable `store-unavailable` on another version, missing or trailing octets. */
export const unpackSubject = (octets: Uint8Array): Subject => {
  const reader = new OctetReader(octets);
  const head = reader.octet();
  const isPlain = head >> 4 === VERSION.plain;
  if (!isPlain && head >> 4 !== VERSION.ported) refuse('store-unavailable', 'a stored subject has another version');
  const keySlot = reader.unsigned();
  const leafIndex = reader.unsigned();
  const fence = head & HEAD.fenced ? reader.unsigned() : 0;
  const [providerCount = 1, markCount = 1, mappingCount = 1] = head & HEAD.ordinary ? [] : readMany(3, () => reader.unsigned());
  const providers = readMany(providerCount, () => reader.text());
  const order = readMany(markCount, (index) => readMark(reader, providerAt(providers, index)));
  const frame = { leafIndex, providers, order, isPlain };
  const mappings = readMany(mappingCount, () => readMapping(reader, frame));
  const preference = head & HEAD.preference ? readPreference(reader, providers) : null;
  const ports = isPlain ? NO_PORTS : readPorts(reader, frame);
  reader.finish();
  return { keySlot, mappings, fence, quarantined: (head & HEAD.quarantined) !== 0, order, preference, ...ports, leafIndex };
};
