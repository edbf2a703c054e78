import { JsonError, decodeBase64, parseStrictJson } from '../encoding/index.js';
import { refuse } from '../reasons/index.js';

/** Reading the members of a line (CONTRACT section 3). Whatever has another shape than documented is `malformed-request`. */

export type LineObject = Readonly<Record<string, unknown>>;

export const asObject = (value: unknown): LineObject => {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array)
    return refuse('malformed-request', 'object');
  return value as LineObject;
};

/** A line's octets as an object: strict JSON. @throws Refusal `malformed-request` */
export const parseLineObject = (octets: Uint8Array): LineObject => {
  try {
    return asObject(parseStrictJson(octets));
  } catch (error) {
    if (error instanceof JsonError) return refuse('malformed-request', error.fault);
    throw error;
  }
};

export const memberOf = (line: LineObject, name: string): unknown => (Object.hasOwn(line, name) ? line[name] : undefined);

export const readText = (line: LineObject, name: string): string => {
  const value = memberOf(line, name);
  return typeof value === 'string' ? value : refuse('malformed-request', name);
};

export const readOneOf = <T extends string>(line: LineObject, name: string, allowed: readonly T[], absent?: T): T => {
  const value = memberOf(line, name);
  if (value === undefined && absent !== undefined) return absent;
  return allowed.find((one) => one === value) ?? refuse('malformed-request', name);
};

/** DER as standard base64, or as octets from a program that calls the library. */
const readDer = (value: unknown, name: string): Uint8Array => {
  if (value instanceof Uint8Array) return value;
  return (typeof value === 'string' ? decodeBase64(value) : null) ?? refuse('malformed-request', name);
};

/** Far more than any path needs; a line of 1 MiB could name 200,000 scraps, each of which costs an exception to refuse. */
const MAX_LIST = 1_000;

export const readDerList = (line: LineObject, name: string, absent?: readonly Uint8Array[]): readonly Uint8Array[] => {
  const value = memberOf(line, name);
  if (value === undefined && absent !== undefined) return absent;
  if (!Array.isArray(value) || value.length > MAX_LIST) return refuse('malformed-request', name);
  return value.map((der: unknown) => readDer(der, name));
};
