import type { IncomingMessage } from 'node:http';
import { JsonError, parseStrictJson } from '../encoding/index.js';
import { Refusal } from '../reasons/index.js';
import type { z } from 'zod';
import { LIMITS } from './limits.js';

/**
 * The whole request body, at most `limit` octets, within the body timeout. Nothing is read of a body that says it is larger.
 * @throws Refusal `too-large`; `malformed-request` when the client gives up or is too slow.
 */
export const readBody = (request: IncomingMessage, limit: number = LIMITS.bodyBytes): Promise<Buffer> => {
  const declared = request.headers['content-length'];
  if (declared !== undefined && Number(declared) > limit) return Promise.reject(new Refusal('too-large', 'body'));
  return new Promise((resolve, reject) => {
    let first: Buffer | null = null;
    let more: Buffer[] | null = null;
    let size = 0;
    let finished = false;
    const timer = setTimeout(() => fail('the body did not come in time'), LIMITS.bodyTimeoutMs);
    // The listeners stay: taking three off costs as much as reading the body, and the request ends soon.
    const finish = (): boolean => {
      if (finished) return false;
      clearTimeout(timer);
      finished = true;
      return true;
    };
    const fail = (why: string, reason: 'malformed-request' | 'too-large' = 'malformed-request'): void => {
      if (finish()) reject(new Refusal(reason, why));
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (finished) return;
      if (size > limit) fail('body', 'too-large');
      else if (first === null) first = chunk;
      else (more ??= [first]).push(chunk);
    };
    const onEnd = (): void => {
      if (finish()) resolve(more === null ? (first ?? Buffer.alloc(0)) : Buffer.concat(more, size));
    };
    const onClose = (): void => fail('the body was cut off');
    request.on('data', onData).on('end', onEnd).on('close', onClose);
  });
};

/**
 * A body as the schema's value.
 * @throws Refusal `malformed-json`; `malformed-request` with the place at fault and nothing that the client wrote.
 */
export const parseBody = <T>(octets: Uint8Array, schema: z.ZodType<T>): T => {
  let value: unknown;
  try {
    value = parseStrictJson(octets);
  } catch (error) {
    if (error instanceof JsonError) throw new Refusal('malformed-json', error.fault);
    throw error;
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Refusal('malformed-request', faultOf(parsed.error));
};

/** Where and which kind: schema's own words. An unknown member's name is the client's, and is not repeated. */
const faultOf = (error: z.ZodError): string => {
  const issue = error.issues[0];
  if (issue === undefined) return 'shape';
  const where = issue.path.map(String).join('.');
  const what = issue.code === 'unrecognized_keys' ? 'unknown member' : issue.code.replaceAll('_', ' ');
  return where === '' ? what : `${where}: ${what}`;
};
