import type { Reason } from '../../../src/reasons/index.js';
import type { PathLine } from '../misfits/index.js';

/** A line of at most 1 MiB (CONTRACT section 3) that costs as much as its maker could make it cost. */
export interface HostileLine {
  readonly name: string;
  /** What it must be answered with; null: accepted, or nothing wrong that keeps it from being read. */
  readonly reason: Reason | null;
  readonly entrance: 'path' | 'passport' | 'inspect';
  readonly make: () => Buffer;
}

export const MAX_LINE = 1024 * 1024;

const base64 = (ders: readonly Uint8Array[]): string[] => ders.map((der) => Buffer.from(der).toString('base64'));

/** The line of an object; it must fit, or it would be refused unread. */
export const lineOf = (value: object): Buffer => {
  const line = Buffer.from(JSON.stringify(value));
  if (line.length > MAX_LINE) throw new Error(`the line has ${String(line.length)} octets`);
  return line;
};

export const pathLine = (line: Partial<PathLine> & { readonly path: readonly Uint8Array[] }): Buffer =>
  lineOf({
    id: 'hostile',
    at: '2026-06-01T00:00:00Z',
    profile: 'rfc5280',
    revocation: 'off',
    ...line,
    anchors: base64(line.anchors ?? []),
    path: base64(line.path),
    ...(line.crls === undefined ? {} : { crls: base64(line.crls) }),
    ...(line.crlSigners === undefined ? {} : { crlSigners: base64(line.crlSigners) }),
    ...(line.crlAnchors === undefined ? {} : { crlAnchors: base64(line.crlAnchors) }),
  });

export const times = <T>(count: number, of: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => of(i));
