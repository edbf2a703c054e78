export { nodeFileSystem, type FileSystem, type OpenFile } from './file-system.js';
export { StorageFault } from './storage-fault.js';
export { openWal, type FileWal, type WalOptions } from './wal.js';
