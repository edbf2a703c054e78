import { createReadStream } from 'node:fs';
import { z } from 'zod';
import { JsonError, parseStrictJson } from '../encoding/index.js';
import { ApClient, type KeptRegistration } from '../client/index.js';
import { tlsOf, Usage, type CallerOptions } from './ap-caller.js';
import type { Report } from './ap-report.js';
import { readCheckpoint, writeCheckpoint } from './checkpoint-file.js';
import { inputLines } from './lines.js';

export interface CheckOptions extends CallerOptions {
  readonly logKey?: string;
  readonly state?: string;
  /** Days. */
  readonly soon?: string;
}

const DAY_MS = 86_400_000;
const SOON_DAYS = 3;
/** Registrations that are looked up and compared at a time. */
const CHUNK = 1_024;

const kept = z.object({
  sii: z.string(),
  ssi: z.string(),
  logIndex: z.int().nonnegative(),
  leafHash: z.string(),
  circle: z.string().optional(),
});
/** As the gateway answered, and `ap register --json` printed. */
const answered = z.object({
  logIndex: z.int().nonnegative(),
  leafHash: z.string(),
  mapping: z.object({ sii: z.string(), ssi: z.string() }),
});

const registrationOf = (line: Uint8Array | null, number: number): KeptRegistration => {
  try {
    const value: unknown = line === null ? null : parseStrictJson(line);
    const parsed = z.union([kept, answered]).parse(value);
    return 'mapping' in parsed ? { ...parsed.mapping, logIndex: parsed.logIndex, leafHash: parsed.leafHash } : parsed;
  } catch (error) {
    if (error instanceof JsonError || error instanceof z.ZodError) throw new Usage(`line ${number} is no registration`);
    throw error;
  }
};

async function* chunksOf(file: string): AsyncGenerator<KeptRegistration[]> {
  let chunk: KeptRegistration[] = [];
  let number = 0;
  for await (const line of inputLines(file === '-' ? process.stdin : createReadStream(file))) {
    number += 1;
    chunk.push(registrationOf(line, number));
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

/** Whether mappings are still what was registered: exit 1 where one is not. Prints a JSON line for each that differs. */
export const checkMappings = async (file: string, options: CheckOptions): Promise<Report> => {
  const { logKey, state } = options;
  if (logKey === undefined) throw new Usage('--log-key is needed: whose log?');
  const days = Number(options.soon ?? SOON_DAYS);
  if (!(days >= 0)) throw new Usage('--soon is a number of days');
  const client = new ApClient({ url: options.url, ...tlsOf(options) });
  try {
    const after = state === undefined ? undefined : await readCheckpoint(state, logKey);
    const check = await client.checking(logKey, { soonMs: days * DAY_MS, ...(after === undefined ? {} : { after }) });
    let [count, differ] = [0, 0];
    for await (const chunk of chunksOf(file)) {
      for (const { registration, faults, expires } of await check.these(chunk)) {
        count += 1;
        if (faults.length === 0) continue;
        differ += 1;
        process.stdout.write(`${JSON.stringify({ ...registration, faults, expires })}\n`);
      }
    }
    if (state !== undefined) await writeCheckpoint(state, check.checkpoint.note);
    return {
      code: differ === 0 ? 0 : 1,
      json: { checked: count, differ },
      words: `${count - differ} of ${count} are as they were registered`,
    };
  } finally {
    client.close();
  }
};
