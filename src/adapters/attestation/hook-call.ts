import { request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { Unavailable } from '../../reasons/index.js';

/** An HTTPS server that the operator named. Unlike what strangers name, it may be on a private address. */
export interface Hook {
  readonly url: URL;
  /** PEM of its authority; null: those of the runtime. */
  readonly ca: string | null;
  /** For one attempt, from connecting to the last octet. */
  readonly timeoutMs: number;
  /** Told why an attempt came to nothing, in words that hold nothing personal. */
  readonly trouble: (why: string) => void;
}

export interface HookAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** The answers here are a few members of JSON. */
const MAX_ANSWER = 64 * 1024;
/** One more try: most faults are a connection that broke. The second message, if it is one, carries the id of the first. */
const TRIES = 2;

/**
 * POSTs JSON, once more if there was no answer or a 5xx. Follows no redirect: what was meant for one server is told to no other.
 * @throws Unavailable `proof-unavailable`
 */
export const callHook = async (hook: Hook, body: string, headers: Readonly<Record<string, string>>): Promise<HookAnswer> => {
  for (let tried = 1; ; tried += 1) {
    const answer = await attempt(hook, body, headers).catch((error: unknown) => whyOf(error));
    if (typeof answer !== 'string' && answer.status < 500) return answer;
    hook.trouble(typeof answer === 'string' ? answer : `status ${answer.status}`);
    if (tried === TRIES) throw new Unavailable('proof-unavailable');
  }
};

const attempt = (hook: Hook, body: string, headers: Readonly<Record<string, string>>): Promise<HookAnswer> =>
  new Promise((resolve, reject) => {
    const request = httpsRequest(hook.url, {
      method: 'POST',
      agent: false,
      minVersion: 'TLSv1.2',
      ...(hook.ca === null ? {} : { ca: hook.ca }),
      signal: AbortSignal.timeout(hook.timeoutMs),
      headers: { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(body)), ...headers },
    });
    request.on('error', reject);
    request.on('response', (response) => void collect(response).then(resolve, reject));
    request.end(body);
  });

const collect = async (response: IncomingMessage): Promise<HookAnswer> => {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_ANSWER) throw new Error('too large');
    parts.push(part);
  }
  return { status: response.statusCode ?? 0, body: Buffer.concat(parts) };
};

/** A code of the runtime; never a message, which may quote what was sent. */
const whyOf = (error: unknown): string => {
  if (error instanceof Error && error.name === 'AbortError') return 'no answer in time';
  return error instanceof Error && 'code' in error ? `no answer (${String(error.code)})` : 'no usable answer';
};
