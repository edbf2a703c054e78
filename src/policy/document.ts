import { parseDocument } from 'yaml';
import type { z } from 'zod';

/** A policy document read from its text: the value, or everything that is wrong with it. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problems: readonly string[] };

/** Policies are short; this bounds a mistaken path. */
const MAX_POLICY_BYTES = 16 * 1024 * 1024;

/**
 * Reads YAML 1.2 (core schema, no aliases, no member twice) and holds it against a closed schema. Never throws; every problem is reported.
 */
export const parsePolicyDocument = <T>(name: string, text: string, schema: z.ZodType<T>): Parsed<T> => {
  if (text.length > MAX_POLICY_BYTES) return { ok: false, problems: [`${name}: larger than 16 MiB`] };
  const document = parseDocument(text, { version: '1.2', schema: 'core', uniqueKeys: true, strict: true, merge: false, logLevel: 'error' });
  const faults = [...document.errors, ...document.warnings].map((fault) => `${name}: ${fault.message.split('\n')[0] ?? ''}`);
  if (faults.length > 0) return { ok: false, problems: faults };
  let value: unknown;
  try {
    // Aliases could grow a small text without bound.
    value = document.toJS({ maxAliasCount: 0 });
  } catch {
    return { ok: false, problems: [`${name}: aliases are not allowed`] };
  }
  const result = schema.safeParse(value);
  if (result.success) return { ok: true, value: result.data };
  return { ok: false, problems: result.error.issues.map((issue) => `${name}: ${issue.path.join('.') || 'document'}: ${issue.message}`) };
};
