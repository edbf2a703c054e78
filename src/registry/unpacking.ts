import { refuse } from '../reasons/index.js';
import { OctetReader } from './octets.js';
import { EPOCH, FAR_PROVIDER, HEAD, LIFETIME, MAPPING, PREFERENCES, PREFERRED, VERSION } from './packed-form.js';
import type { Mapping, OrderMark, Preference, Subject } from './subject.js';

const readMany = <T>(count: number, read: (index: number) => T): T[] => {
  const list: T[] = [];
  // Every item takes an octet at least, so that a corrupt count ends with the octets.
  for (let index = 0; index < count; index++) list.push(read(index));
  return list;
};

const providerAt = (providers: readonly string[], number: number): string =>
  providers[number] ?? refuse('store-unavailable', 'a stored subject is corrupt: it names a provider that it does not list');

const readMark = (reader: OctetReader, provider: string): OrderMark => {
  const iat = reader.signed() + EPOCH;
  const length = reader.unsigned();
  const octets = reader.raw(Math.floor(length / 2));
  return { provider, iat, jti: octets.toString(length % 2 === 1 ? 'latin1' : 'base64url') };
};

interface Frame {
  readonly leafIndex: number;
  readonly providers: readonly string[];
  readonly order: readonly OrderMark[];
}

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
  const purpose = first & MAPPING.business ? 'business' : 'consumer';
  const kind = first & MAPPING.service ? 'service' : 'user';
  return { provider, user, purpose, kind, circle, firstIndex, leafIndex, expires, attest: distance % 2 === 1, credential, authority };
};

const readPreference = (reader: OctetReader, providers: readonly string[]): Preference => {
  const bits = reader.octet();
  const preference: { -readonly [member in keyof Preference]: string } = {};
  for (const member of PREFERENCES) if (bits & PREFERRED[member]) preference[member] = providerAt(providers, reader.unsigned());
  return preference;
};

/** The inverse of `packSubject`. @throws Unavailable `store-unavailable` on another version, missing or trailing octets. */
export const unpackSubject = (octets: Uint8Array): Subject => {
  const reader = new OctetReader(octets);
  const head = reader.octet();
  if (head >> 4 !== VERSION) refuse('store-unavailable', 'a stored subject has another version');
  const keySlot = reader.unsigned();
  const leafIndex = reader.unsigned();
  const fence = head & HEAD.fenced ? reader.unsigned() : 0;
  const [providerCount = 1, markCount = 1, mappingCount = 1] = head & HEAD.ordinary ? [] : readMany(3, () => reader.unsigned());
  const providers = readMany(providerCount, () => reader.text());
  const order = readMany(markCount, (index) => readMark(reader, providerAt(providers, index)));
  const mappings = readMany(mappingCount, () => readMapping(reader, { leafIndex, providers, order }));
  const preference = head & HEAD.preference ? readPreference(reader, providers) : null;
  reader.finish();
  return { keySlot, mappings, fence, quarantined: (head & HEAD.quarantined) !== 0, order, preference, leafIndex };
};
