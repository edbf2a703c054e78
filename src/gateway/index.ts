export { fallenSince } from './fallen.js';
export { foldLog, type FoldSource } from './fold.js';
export { openGateway, type GatewayParts, type RunningGateway } from './gateway.js';
export type {
  Acceptance,
  Gateway,
  InvalidatedMappings,
  InvalidationState,
  LookupAnswer,
  LookupQuery,
  Principal,
  Readiness,
  Submission,
} from './use-cases.js';
export type { World } from './world.js';
