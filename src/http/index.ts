export { LIMITS } from './limits.js';
export { describeFault, redact, type Fault } from './fault.js';
export { openApiDocument } from './openapi.js';
export { reasonsDocument, type DocumentedStep, type ReasonsDocument } from './reasons-document.js';
export { createHttpServer, type HttpServer, type HttpServerOptions, type ServerCredentials } from './server.js';
export type { Discovery } from './site.js';
