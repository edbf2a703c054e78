export { BindingKeyFile } from './binding-key-file.js';
export { DelegationFiles } from './delegation-files.js';
export { TokenAuthorityFile, type TrustedAuthorities } from './token-authority-file.js';
export { JournalFile, type JournalFiles, type JournalHandle } from './journal-file.js';
