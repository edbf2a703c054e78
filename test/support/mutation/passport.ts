import type { KeyObject } from 'node:crypto';
import { mutateOctets } from './octets.js';
import type { Random } from './random.js';
import { signJwsRepeatably } from './repeatable-signature.js';
import { mutateText } from './text.js';

export const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => [name, sorted(member)]),
  );
};

/** The same value written as a PASSporT writes it, where it is JSON at all. */
const canonical = (text: string): string => {
  try {
    return JSON.stringify(sorted(JSON.parse(text)));
  } catch {
    return text;
  }
};

/** ES256 without anything of the product. */
export const signedCompact = (input: string, key: KeyObject): string => signJwsRepeatably(Buffer.from(input), key).toString('base64url');

/** The same PASSporT, signed as it will be signed in every process. */
export const repeatable = (passport: string, key: KeyObject): string => {
  const input = passport.slice(0, passport.lastIndexOf('.'));
  return `${input}.${signedCompact(input, key)}`;
};

/** Changes a part of a compact PASSporT, and mostly signs it anew: what comes after the signature is reached. */
export const mutatePassport = (passport: string, random: Random, donor: string, key: KeyObject | null): string => {
  if (random.once(8)) return mutateText(passport, random, donor);
  const [header = '', payload = '', signature = ''] = passport.split('.');
  const [others, wide] = [donor.split('.'), random.once(3)];
  const changed = (part: string, at: number): string => {
    const text = mutateText(Buffer.from(part, 'base64url').toString(), random, Buffer.from(others[at] ?? '', 'base64url').toString());
    return Buffer.from(random.once(4) ? text : canonical(text)).toString('base64url');
  };
  const parts = wide ? [changed(header, 0), payload] : [header, changed(payload, 1)];
  const input = parts.join('.');
  if (key === null || random.once(6))
    return `${input}.${random.once(2) ? signature : mutateOctets(Buffer.from(signature, 'base64url'), random, Buffer.alloc(64)).toString('base64url')}`;
  return `${input}.${signedCompact(input, key)}`;
};
