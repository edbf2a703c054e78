import type { Logger } from 'pino';
import type { Gateway, Principal } from '../gateway/use-cases.js';
import type { Clock, ConfigurationControl } from '../ports/index.js';
import type { Admission } from './admission.js';
import type { Metrics } from './metrics.js';
import type { ReasonsDocument } from './reasons-document.js';

/** What outsiders need to know of this gateway; public. */
export interface Discovery {
  readonly audience: string;
  readonly origin: string;
  readonly logVkey: string;
  readonly receiptVkey: string;
}

/** What the routes share. */
export interface Site {
  readonly gateway: Gateway;
  /** The principal of a domain in the policy generation that is in force now; undefined: unknown. */
  readonly principalOf: (domain: string) => Principal | undefined;
  /** What is in force, and how an operator has it read again. */
  readonly configuration: ConfigurationControl;
  readonly discovery: Discovery;
  readonly reasons: ReasonsDocument;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly admission: Admission;
  readonly openapi: string;
}
