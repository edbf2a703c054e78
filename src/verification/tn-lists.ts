import { hash } from 'node:crypto';
import { Refusal, refuse } from '../reasons/index.js';
import {
  MAX_ENTRIES_BY_REFERENCE,
  parseTnAuthList,
  tnAuthListOf,
  tnListReferencesOf,
  type Certificate,
  type TnEntry,
} from '../x509/index.js';
import { Missing } from './missing.js';
import type { Evidence } from './step.js';

/** TNAuthLists by reference, DER, under the URL that names them. */
export type FetchedLists = ReadonlyMap<string, Uint8Array>;

/** The TNAuthList of each certificate of a path, by value or by reference alike (RFC 9060 section 4.1); null where it has none. */
export interface PathLists {
  readonly lists: ReadonlyArray<readonly TnEntry[] | null>;
  /** Which were fetched, and what they were: a list by reference is signed by nobody (RFC 8226 section 12). */
  readonly fetched: readonly Evidence[];
}

const MAX_URL = 1024;

/** Whether a certificate has a TNAuthList, wherever it is. */
export const hasTnAuthList = (certificate: Certificate): boolean =>
  tnAuthListOf(certificate) !== null || tnListReferencesOf(certificate).length > 0;

/**
 * That each certificate has at most one TNAuthList, and each list in a certificate is one.
 * RFC 8226 section 10.1: what is behind the reference is the complete list; with another beside it, nobody could say which counts.
 * @throws Refusal `malformed-tnauthlist`, `range-overflow`, `profile-violation`
 */
export const checkListForm = (certificates: readonly Certificate[]): void =>
  certificates.forEach((certificate, position) => {
    const references = tnListReferencesOf(certificate).length;
    const own = tnAuthListOf(certificate, position) === null ? 0 : 1;
    if (references + own > 1) refuse('profile-violation', 'more than one TNAuthList', position);
  });

/**
 * The lists of a path that `checkListForm` has passed.
 * @throws Unavailable `tnlist-unavailable`: for a list that is not at hand a `Missing` that names all of them
 */
export const readLists = (certificates: readonly Certificate[], at: FetchedLists): PathLists => {
  const references = certificates.map(referenceOf);
  const missing = references.filter((url) => url !== null && !at.has(url));
  const urls = [...new Set(missing)].filter((url) => url !== null);
  if (urls.length > 0) throw new Missing('tnlist-unavailable', { kind: 'tn-lists', urls });
  const fetched: Evidence[] = [];
  const lists = certificates.map((certificate, position) => {
    const der = at.get(references[position] ?? '');
    if (der === undefined) return tnAuthListOf(certificate, position);
    const entries = listFrom(der, position);
    fetched.push({ position, entries: entries.length, sha256: hash('sha256', der, 'hex') });
    return entries;
  });
  return { lists, fetched };
};

/** RFC 8226 section 10.1: HTTPS and nothing else. */
const referenceOf = (certificate: Certificate, position: number): string | null => {
  const [reference] = tnListReferencesOf(certificate);
  if (reference === undefined) return null;
  if (reference === null || reference.length > MAX_URL || !/^https:\/\//i.test(reference)) {
    return refuse('tnlist-unavailable', 'reference', position);
  }
  return reference;
};

/** What is not DER of a list was not had: its server, not the signer, is to blame. */
const listFrom = (der: Uint8Array, position: number): readonly TnEntry[] => {
  try {
    return parseTnAuthList(der, MAX_ENTRIES_BY_REFERENCE);
  } catch (error) {
    if (error instanceof Refusal) return refuse('tnlist-unavailable', 'not a TNAuthList', position);
    throw error;
  }
};
