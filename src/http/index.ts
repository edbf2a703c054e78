export { LIMITS } from './limits.js';
export { describeFault, redact, type Fault } from './fault.js';
export { openApiDocument } from './openapi.js';
export { createProviderServer, type ProviderServerOptions } from './provider/server.js';
export { reasonsDocument, type DocumentedStep, type ReasonsDocument } from './reasons-document.js';
export { createHttpsServer, type HttpServer, type ServerCredentials } from './https-server.js';
export { createHttpServer, type GatewayServer, type HttpServerOptions } from './server.js';
export type { Discovery } from './site.js';
export { createWitnessServer, type WitnessServerOptions } from './witness/server.js';
