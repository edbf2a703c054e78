export { MemoryMappingStore } from './mapping-store.js';
export { MemoryQuotaStore } from './quota-store.js';
