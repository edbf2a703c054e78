export { MemoryMappingStore } from './mapping-store.js';
