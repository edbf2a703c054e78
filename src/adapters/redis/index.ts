export type { RedisOptions } from './connection.js';
export { RedisMappingStore, type RedisMappingStoreOptions } from './mapping-store.js';
export { RedisQuotaStore, type RedisQuotaStoreOptions } from './quota-store.js';
