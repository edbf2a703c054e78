import { OctetReader } from './octets.js';
import { EPOCH, FAR_PROVIDER, HEAD, LIFETIME, MAPPING, OPERATOR, VERSION } from './packed-form.js';
import { refuse } from '../reasons/index.js';
import type { Subject } from './subject.js';

/** Until when each provider has a mapping under a subject, seconds: the latest of several. */
export const providersOf = (subject: Subject | null): Map<string, number> => {
  const until = new Map<string, number>();
  for (const { provider, expires } of subject?.mappings ?? []) until.set(provider, Math.max(expires, until.get(provider) ?? 0));
  return until;
};

/**
 * `providersOf` of a packed subject, with everything else passed over: a start counts a million of them, most of one mapping each.
 * @throws Unavailable `store-unavailable` on another version or missing octets
 */
export const packedProviders = (octets: Uint8Array, tell: (provider: string, until: number) => void): void => {
  const reader = new OctetReader(octets);
  const head = reader.octet();
  const isPlain = head >> 4 === VERSION.plain;
  if (!isPlain && head >> 4 !== VERSION.ported) refuse('store-unavailable', 'a stored subject has another version');
  reader.unsigned();
  reader.unsigned();
  if (head & HEAD.fenced) reader.unsigned();
  if (head & HEAD.ordinary) {
    const provider = reader.text();
    const iat = readIat(reader);
    tell(provider, readUntil(reader, reader.octet(), iat));
  } else {
    for (const [provider, until] of readMany(reader, isPlain)) tell(provider, until);
  }
};

const readMany = (reader: OctetReader, isPlain: boolean): Map<string, number> => {
  const [providerCount, markCount, mappingCount] = [reader.unsigned(), reader.unsigned(), reader.unsigned()];
  const providers: string[] = [];
  for (let at = 0; at < providerCount; at += 1) providers.push(reader.text());
  const iats: number[] = [];
  for (let at = 0; at < markCount; at += 1) iats.push(readIat(reader));
  const latest = new Map<string, number>();
  for (let at = 0; at < mappingCount; at += 1) {
    const first = reader.octet();
    const number = first >> 4 === FAR_PROVIDER ? reader.unsigned() : first >> 4;
    const provider =
      providers[number] ?? refuse('store-unavailable', 'a stored subject is corrupt: it names a provider that it does not list');
    latest.set(provider, Math.max(readUntil(reader, first, iats[number] ?? EPOCH), latest.get(provider) ?? 0));
    if (!isPlain && reader.octet() === OPERATOR.other) reader.pass(reader.unsigned());
  }
  return latest;
};

const readIat = (reader: OctetReader): number => {
  const iat = reader.signed() + EPOCH;
  reader.pass(Math.floor(reader.unsigned() / 2));
  return iat;
};

/** What follows a mapping's first octet and its provider's number. */
const readUntil = (reader: OctetReader, first: number, iat: number): number => {
  reader.pass(reader.unsigned());
  if (!(first & MAPPING.latest)) reader.unsigned();
  reader.unsigned();
  const until = reader.signed() + LIFETIME + iat;
  reader.pass(16);
  reader.pass(reader.unsigned());
  if (first & MAPPING.circle) reader.pass(32);
  return until;
};
