export { BindingKeyFile } from './binding-key-file.js';
export { DelegationFiles } from './delegation-files.js';
export { JournalFile, type JournalFiles, type JournalHandle } from './journal-file.js';
