export { readConfiguration, type Configuration, type ConfigurationPlaces } from './configuration.js';
export { NOTHING_FETCHED, makeGeneration, materialOf, principalOf, vouchersOf, type Generation } from './generation.js';
export { GenerationKeeper, type KeeperParts } from './generation-keeper.js';
export { readInPieces, readNumberingFile, type NumberingFile } from './numbering-file.js';
export { PrincipalDirectory, type PrincipalRecords } from './principal-directory.js';
export { ConfigurationProblems, ProblemList } from './problems.js';
export { readTlsFiles, type TlsFiles } from './tls-files.js';
export { reportList, reportReload } from './reports.js';
export { TrustLists, unknownLists, type TrustListEvent, type TrustListsParts, type TrustListStanding } from './trust-lists.js';
