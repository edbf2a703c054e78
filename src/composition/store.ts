import { ConfigurationProblems } from '../adapters/configuration/index.js';
import { epochFile, nextEpoch } from '../adapters/files/index.js';
import { MemoryMappingStore, MemoryQuotaStore } from '../adapters/memory/index.js';
import type { MappingStore, QuotaJournal, QuotaStore } from '../ports/index.js';

export interface OpenedStore {
  readonly mappings: MappingStore;
  readonly quotas: QuotaStore;
  /** It forgets its subjects when the process ends. */
  readonly isVolatile: boolean;
  /** What about its server breaks a promise, and what only costs memory; in words for operators. */
  readonly problems: () => Promise<readonly string[]>;
  readonly remarks: () => Promise<readonly string[]>;
}

const nothing = (): Promise<readonly string[]> => Promise.resolve([]);

export const openStore = async (place: string, journal: () => QuotaJournal): Promise<OpenedStore> => {
  const silent = { problems: nothing, remarks: nothing };
  if (place === 'memory')
    return { mappings: new MemoryMappingStore(), quotas: new MemoryQuotaStore(journal()), isVolatile: true, ...silent };
  if (!/^rediss?:\/\//.test(place)) throw new ConfigurationProblems(['the store is neither "memory" nor a redis:// or rediss:// URL']);
  // Loaded only where it is used: it takes longer to load than the embedded profile to start.
  const { RedisMappingStore, RedisQuotaStore } = await import('../adapters/redis/index.js');
  const [store, quotas] = await Promise.all([RedisMappingStore.open({ url: place }), RedisQuotaStore.open({ url: place })]);
  return { mappings: store, quotas, isVolatile: false, problems: () => store.problems(), remarks: () => store.remarks() };
};

export const epochOf = async (dataDir: string): Promise<number> => {
  const epoch = await nextEpoch(dataDir);
  if (epoch !== null) return epoch;
  throw new ConfigurationProblems([`${epochFile(dataDir)}: is not a number: restore it, or write one higher than any before`]);
};
