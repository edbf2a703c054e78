import { writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import { MemoryMappingStore } from '../adapters/memory/index.js';
import type { Principal, RunningGateway } from '../gateway/index.js';
import type { MappingStore } from '../ports/index.js';
import { PROVIDER, numberAt } from './bench-place.js';
import { fillStore, putAgain } from './bench-subject.js';

/** A gateway to start, and the change of its files that takes the ground from under mappings. */
export interface SweepTask {
  readonly data: string;
  readonly pki: string;
  /** As `serve --store` has it. */
  readonly store: string;
  /** Of these the files are written over. */
  readonly change: ReadonlyArray<{ readonly file: string; readonly text: string }>;
  /** Numbers that are registered, and how many of them must be gone. */
  readonly count: number;
  readonly falling: number;
}

export interface SweepResult {
  /** From the reload until the last mapping that falls was gone, with its leaf durable. */
  readonly ms: number;
  /** How long the loop stood still at most meanwhile, and an idle one before it. */
  readonly held: Held;
  readonly idle: Held;
  /** ms for the same store walked, and as many subjects as fell put again, by nobody who judges, logs or seals. */
  readonly bare: number;
}

/** ms between two ticks of the loop, at most. */
export interface Held {
  /** By the clock: other work on the machine counts. */
  readonly stall: number;
  /** CPU time of the whole process, the collector's other threads included. */
  readonly turn: number;
}

const CLIENT: Principal = { domain: PROVIDER, kind: 'ap', class: 'consumer', spc: null };
/** Numbers asked for at once. */
const TOGETHER = 2000;
const IDLE_MS = 300;

/** A gateway in a process of its own, as `serve` starts it, that has served nobody yet: nothing of it is warm. */
export const work = async (task: unknown): Promise<SweepResult> => {
  const { data, pki, store, change, count, falling } = task as SweepTask;
  const { startGateway } = await import('../main.js');
  const handle = await startGateway({ dataDir: data, pkiDir: pki, store, port: 0, log: pino({ level: 'silent' }) });
  try {
    await handle.gateway.swept();
    const idle = await heldBy(() => pause(IDLE_MS));
    for (const { file, text } of change) writeFileSync(file, text);
    const since = performance.now();
    const held = await heldBy(async () => {
      const outcome = await handle.configuration.reload();
      if (!outcome.ok) throw new Error(`the change was not taken: ${outcome.problems.join('; ')}`);
      await handle.gateway.swept();
    });
    const ms = performance.now() - since;
    const { pending, problem } = handle.gateway.invalidation;
    if (pending || problem !== null) throw new Error(`the mappings were not judged to the end: ${problem ?? 'pending'}`);
    await checkGone(handle.gateway, count, falling);
    return { ms, held, idle, bare: await bareOf(store, count, falling) };
  } finally {
    await handle.stop();
  }
};

const heldBy = async (work: () => Promise<unknown>): Promise<Held> => {
  const held = { stall: 0, turn: 0 };
  let [at, cpu] = [performance.now(), process.cpuUsage()];
  const tick = (): void => {
    const { user, system } = process.cpuUsage(cpu);
    held.stall = Math.max(held.stall, performance.now() - at);
    held.turn = Math.max(held.turn, (user + system) / 1000);
    [at, cpu] = [performance.now(), process.cpuUsage()];
  };
  const ticking = setInterval(tick, 1);
  await work();
  tick();
  clearInterval(ticking);
  return held;
};

/** As a client sees it: every number is looked up. */
const checkGone = async (gateway: Pick<RunningGateway, 'lookup'>, count: number, falling: number): Promise<void> => {
  let gone = 0;
  for (let from = 0; from < count; from += TOGETHER) {
    const queries = Array.from({ length: Math.min(TOGETHER, count - from) }, (_, i) => ({ sii: `tel:+${numberAt(from + i)}` }));
    for (const { mappings } of (await gateway.lookup(queries, CLIENT)).answers) if (mappings.length === 0) gone += 1;
  }
  if (gone !== falling) throw new Error(`${gone} mappings are gone, and ${falling} had to go`);
};

const bareOf = async (place: string, count: number, falling: number): Promise<number> => {
  const store = await openBare(place);
  try {
    await fillStore(store, count, numberAt);
    const since = performance.now();
    await putAgain(store, falling);
    return performance.now() - since;
  } finally {
    await store.close();
  }
};

const openBare = async (place: string): Promise<MappingStore> => {
  if (place === 'memory') return new MemoryMappingStore();
  const { RedisMappingStore } = await import('../adapters/redis/index.js');
  return await RedisMappingStore.open({ url: place, keyPrefix: 'bare:', deadline: 10_000 });
};
