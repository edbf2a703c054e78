import { type SubjectId } from '../../ports/index.js';

/**
 * Every key in Redis, once. No SII, SSI or domain is in a key or field: ids are HMACs under the pepper (DESIGN section 9).
 *
 *   <prefix>epoch        string  highest epoch that has written
 *   <prefix>{p<n>}       hash    of partition n: p = log position, n = number of buckets, c = number of subjects
 *   <prefix>{p<n>}:<b>   hash    bucket b of partition n: field = octets 1 to 15 of the subject's id, value = packed subject
 *   <prefix>{q<c>}<e>    hash    what client c (an HMAC of its domain) was answered about in the epoch that begins at e: quota-scripts.ts
 *   <prefix>{q<c>}<e>:<b> set    marks of it: integers that are HMACs of SIIs
 *
 * The braces put all keys of a partition, and of a client, into one slot of a Redis Cluster.
 */
export const epochKey = (prefix: string): string => `${prefix}epoch`;

export const partitionKey = (prefix: string, partition: number): string => `${prefix}{p${partition}}`;

/** Octet 0 and half of octet 1 are the partition, so octet 0 need not be kept a second time. */
export const fieldOf = (id: SubjectId): Buffer => Buffer.from(id.slice(1), 'latin1');

export const idOf = (partition: number, field: Buffer): SubjectId => String.fromCharCode(partition >> 4) + field.toString('latin1');

export const quotaKey = (prefix: string, client: string, start: number): string => `${prefix}{q${client}}${start}`;
