import { isNativeError } from 'node:util/types';

/** What of a fault may be logged: promise 6 holds for logs too, and messages of foreign code quote what they were given. */
export interface Fault {
  readonly name: string;
  readonly code: string | null;
  readonly message: string;
  readonly frames: readonly string[];
}

/** Runs of four digits and more, addresses, URIs, and long runs of a base64 alphabet. */
const PERSONAL = /\S*(?:@|:\/\/|tel:|mailto:)\S*|\+?\d{4,}|[A-Za-z0-9_+-]{32,}(?:[./][A-Za-z0-9_+-]{16,})*=*/g;

export const redact = (text: string): string => text.slice(0, 500).replace(PERSONAL, '[redacted]');

export const describeFault = (thrown: unknown): Fault => {
  if (!isNativeError(thrown)) return { name: typeof thrown, code: null, message: '', frames: [] };
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : null;
  const frames = (thrown.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return { name: thrown.name, code, message: redact(thrown.message), frames: frames.slice(0, 12).map((line) => line.trim()) };
};
